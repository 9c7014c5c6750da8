import { StoreError } from "../../../platform/stores/store-error.ts";
import { AppError } from "../../contract/errors.ts";

const TRIED_MS = 30_000;

/** Throws `invalid_argument` for the field if a store doesn't work with the settings that it should get. */
export async function requireWorking(
	field: string,
	attempt: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
	const message = await faultOf(attempt);
	if (message !== null) throw new AppError("invalid_argument", message, { field });
}

/** What keeps a store from working, in sentences; null if it works. */
export async function faultOf(
	attempt: (signal: AbortSignal) => Promise<void>,
): Promise<string | null> {
	const signal = AbortSignal.timeout(TRIED_MS);
	try {
		await attempt(signal);
		return null;
	} catch (error) {
		if (error instanceof StoreError) return error.message;
		if (signal.aborted) return `The store didn't answer within ${TRIED_MS / 1_000} s.`;
		throw error;
	}
}
