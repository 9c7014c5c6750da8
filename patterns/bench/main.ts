/**
 * `npm run bench:patterns`: what a hit costs compared with the client's own GET; a stampede; stale reads by strategy; writers
 * killed 200 times (`--kills n`); hit rates compared with a simulation and with theory. Needs PostgreSQL's programs.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cleanUpWhenCutShort } from "../../e2e/fixtures/clean-up-when-cut-short.ts";
import { startPostgres } from "../../e2e/fixtures/postgres-server.ts";
import { markdownTable } from "../../platform/testing/figures.ts";
import { startEngine } from "../testing/engines.ts";
import { countStaleReads, killWriters, type StaleStrategy, stampede } from "../testing/scenes.ts";
import { measureHitRate } from "./hit-rate.ts";

await cleanUpWhenCutShort();

const { values } = parseArgs({
	options: { kills: { type: "string", default: "200" }, only: { type: "string" } },
});
const isWanted = (name: string) =>
	values.only === undefined || values.only.split(",").includes(name);
const engine = await startEngine("valkey", "9");
const postgres = await startPostgres();
const place = { port: engine.port, databaseUrl: postgres.url };
try {
	if (isWanted("cost")) {
		const script = join(import.meta.dirname, "hit-cost.mjs");
		execFileSync(process.execPath, [script, String(engine.port)], { stdio: "inherit" });
		console.log("");
	}
	if (isWanted("stampede")) {
		const { queries, elapsedMs } = await stampede(place, { processes: 4, reads: 1_000 });
		console.log(
			`1,000 concurrent misses of one key from 4 processes: ${queries} query, ${Math.round(elapsedMs)} ms, of which the database takes 100\n`,
		);
	}
	if (isWanted("stale")) {
		const rows: string[][] = [
			["5 keys, 6 readers, 3 writers, 5 s", "reads", "writes", "stale reads"],
		];
		const titles: Record<StaleStrategy, string> = {
			ttl: "lazy loading, TTL 200 ms",
			invalidate: "lazy loading, invalidated after each write",
			"write-through": "write-through",
		};
		for (const strategy of ["ttl", "invalidate", "write-through"] as const) {
			const counts = await countStaleReads(place, strategy, { keys: 5, milliseconds: 5_000 });
			rows.push([
				titles[strategy],
				...[counts.reads, counts.writes, counts.stale].map((count) => count.toLocaleString("en")),
			]);
		}
		console.log(`${markdownTable(rows)}\n`);
	}
	if (isWanted("kills")) {
		const result = await killWriters(place, { kills: Number(values.kills), keys: 3 });
		console.log(
			`A writer killed ${result.kills} times, ${result.betweenWrites} times between its two writes, ${result.writes} writes: ` +
				`${result.wrong} reads differed from the database afterward, ${result.wrongAfterLeases} after the leases had expired\n`,
		);
	}
	if (isWanted("rates")) await measureHitRate(postgres.url);
} finally {
	await postgres.stop();
	await engine.stop();
}
