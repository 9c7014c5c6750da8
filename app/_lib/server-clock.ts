import { ServerClock, TIME_HEADER } from "../../server/contract/server-clock.ts";

const clock = new ServerClock();

/** `fetch`, which learns the control plane's time from each answer. */
export async function fetchWithTime(...call: Parameters<typeof fetch>): Promise<Response> {
	const response = await fetch(...call);
	clock.note(response.headers.get(TIME_HEADER), Date.now());
	return response;
}

/** The control plane's time in ms, to compare its answers with. */
export function serverNow(): number {
	return clock.at(Date.now());
}
