export { EmailKitError, ERROR_CODES, type EmailKitErrorCode } from "./errors.ts";
