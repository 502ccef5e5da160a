import { type CompiledModel, compileModel } from "./model.ts";
import { MODEL } from "./model-data.ts";

let compiled: CompiledModel | undefined;

/** The model that comes with the package, compiled at its first use. */
export function defaultModel(): CompiledModel {
  return (compiled ??= compileModel(MODEL));
}
