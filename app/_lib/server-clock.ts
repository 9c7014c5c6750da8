import { ServerClock, TIME_HEADER } from "../../server/contract/server-clock.ts";

const clock = new ServerClock();

/** Like `fetch`, but also learns the control plane's time from each answer. */
export async function fetchWithTime(...call: Parameters<typeof fetch>): Promise<Response> {
	const response = await fetch(...call);
	clock.note(response.headers.get(TIME_HEADER), Date.now());
	return response;
}

/** Learns the control plane's time from the page that this browser has just loaded: `ms` is when it was rendered. */
export function noteRendering(ms: number): void {
	const [load] = performance.getEntriesByType("navigation");
	if (!(load instanceof PerformanceNavigationTiming)) return;
	clock.note(String(ms), performance.timeOrigin + load.responseStart);
}

/** The control plane's time in ms, for comparison with times in its answers. */
export function serverNow(): number {
	return clock.at(Date.now());
}
