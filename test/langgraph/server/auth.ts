// Only who has a key of these gets in.
import { Auth, HTTPException } from "@langchain/langgraph-sdk/auth";

export const auth = new Auth().authenticate((request) => {
  const key = request.headers.get("x-api-key");
  if (key === "worker-key" || key === "user-key") return key;
  throw new HTTPException(401, { message: "Who are you?" });
});
