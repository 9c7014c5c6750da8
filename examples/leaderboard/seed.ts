/** `npm run seed -w examples/leaderboard [players]`: a million players, unless it says otherwise. */
import { connectCache } from "larder-examples-shared";
import { Leaderboard } from "./leaderboard.ts";

const BATCH = 5_000;
const players = Number(process.argv[2] ?? 1_000_000);
const client = connectCache();
const board = new Leaderboard(client);
for (let first = 0; first < players; first += BATCH) {
	const names = Array.from({ length: Math.min(BATCH, players - first) }, (_, n) => first + n);
	const scores = names.map((n) => [`player-${n}`, Math.floor(Math.random() * 1_000_000)] as const);
	await board.submitMany(new Map(scores));
}
const count = await board.count();
console.log(`${count.toLocaleString("en")} ${count === 1 ? "player" : "players"}`);
client.disconnect();
