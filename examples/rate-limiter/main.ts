import { connectCache, serve, waitForReplicas } from "larder-examples-shared";
import { takeOne } from "./limiter.ts";

const limit = {
	burst: Number(process.env.BURST ?? 10),
	perSecond: Number(process.env.PER_SECOND ?? 1),
};
const client = connectCache();

await serve(`A limit of ${limit.perSecond} requests a second, ${limit.burst} at once`, {
	"GET /": async ({ raw }) => {
		const caller = String(raw.headers["x-api-key"] ?? raw.socket.remoteAddress);
		const { allowed, remaining, retryAfterMs } = await takeOne(client, caller, limit);
		// What is allowed is counted on the replicas as well before it is served: a failover forgets none.
		if (allowed) await waitForReplicas(client);
		const headers = {
			"ratelimit-limit": String(limit.burst),
			"ratelimit-remaining": String(remaining),
			...(!allowed && { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) }),
		};
		return allowed
			? { headers, body: { answer: "Here you are." } }
			: {
					status: 429,
					headers,
					body: { error: `Too many requests. Try again in ${retryAfterMs} ms.` },
				};
	},
});
