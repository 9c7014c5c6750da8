import { connectCache, HttpError, liveFeed, serve, waitForReplicas } from "larder-examples-shared";
import { Analytics } from "./analytics.ts";

const MINUTES = 5;
const client = connectCache();
const analytics = new Analytics(client);
const top = () => analytics.top(MINUTES, 10);

await serve("Real-time analytics", {
	"POST /views": async ({ body }) => {
		const { id, page, visitor } = Object(body);
		if (![id, page, visitor].every((part) => typeof part === "string" && part !== "")) {
			throw new HttpError(400, 'Give {"id": unique text, "page": path, "visitor": id}');
		}
		await analytics.record(id, page, visitor);
		await waitForReplicas(client);
		return { status: 201, body: { id } };
	},
	"GET /top": async () => ({ body: await top() }),
	"GET /live": liveFeed(top, 1_000),
});
