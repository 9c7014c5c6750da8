import { Backoff } from "../../platform/backoff.ts";
import { AGENT_TIMING } from "../../server/contract/limits.ts";

const FIRST_MS = 50;

/** Between attempts to reach the control plane: short, so that agents find it soon after it returns. */
export function callBackoff(): Backoff {
	return new Backoff(FIRST_MS, AGENT_TIMING.retryMaxMs);
}
