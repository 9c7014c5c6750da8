import { AppError } from "../../contract/errors.ts";

/** Throws if nothing lies between the two times; either may be a default that the caller didn't send. */
export function requirePeriod(from: Date, to: Date): void {
	if (from < to) return;
	throw new AppError("invalid_argument", "from must be earlier than to, and earlier than now", {
		field: "from",
	});
}
