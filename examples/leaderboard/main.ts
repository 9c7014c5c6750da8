import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connectCache, HttpError, liveFeed, serve, waitForReplicas } from "larder-examples-shared";
import { Leaderboard } from "./leaderboard.ts";

const client = connectCache();
const board = new Leaderboard(client);
const page = readFileSync(join(import.meta.dirname, "page.html"), "utf8");

await serve("A live leaderboard", {
	"GET /": () => ({ body: page }),
	"GET /live": liveFeed(
		async () => ({ top: await board.top(10), players: await board.count() }),
		500,
	),
	"GET /players/:name": async ({ parameters }) => {
		const standings = await board.find(parameters.name ?? "", 3);
		if (standings === null) throw new HttpError(404, "This player has no score yet");
		return { body: standings };
	},
	"POST /scores": async ({ body }) => {
		const { player, score } = Object(body);
		if (typeof player !== "string" || player === "" || !Number.isFinite(score)) {
			throw new HttpError(400, 'Give {"player": name, "score": number}');
		}
		await board.submit(player, score);
		// Only then does the player hear that it counts.
		await waitForReplicas(client);
		return { status: 201, body: { player, score } };
	},
});
