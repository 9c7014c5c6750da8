import type { ServerResponse } from "node:http";
import type { Route } from "./serve.ts";

/**
 * A route of server-sent events: looks every `everyMs` milliseconds while somebody is connected, and sends what changed.
 * While the cache is away, pages keep what they show.
 */
export function liveFeed(look: () => Promise<unknown>, everyMs: number): Route {
	const listeners = new Set<ServerResponse>();
	let last = "";
	let isLooking = false;

	const lookOn = async () => {
		try {
			const next = JSON.stringify(await look());
			if (next !== last) for (const each of listeners) each.write(`data: ${next}\n\n`);
			last = next;
		} catch (error) {
			console.error(error);
		}
		isLooking = listeners.size > 0;
		if (isLooking) setTimeout(lookOn, everyMs);
	};
	return ({ response }) => {
		response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
		response.write(last === "" ? ": waiting\n\n" : `data: ${last}\n\n`);
		listeners.add(response);
		response.on("close", () => listeners.delete(response));
		if (!isLooking) void lookOn();
		isLooking = true;
		return null;
	};
}
