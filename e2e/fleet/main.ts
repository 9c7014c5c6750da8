/**
 * `npm run bench:fleet -- --hosts 10,100 [--nodes 1000] [--created 200] [--scenes rest,changes] [--profile <directory>]`:
 * a real control plane on PostgreSQL and simulated hosts, which speak the real protocol. Prints a column for each number
 * of hosts, with ten nodes a host by default. `--created` is how many caches are created through the API; the rows of the
 * others are written into the database, as if they were available, and hosts take their nodes. `--repair-seconds` is
 * how long to wait for the replacement of lost nodes after all primaries are led by others.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { markdownTable } from "../../platform/testing/figures.ts";
import { createdJoinTokenSchema } from "../../server/contract/host.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { NODES_PER_CACHE } from "./api.ts";
import { startControlPlane } from "./control-plane.ts";
import { FleetLink } from "./fleet-link.ts";
import { changes, churn, type Figures, fill, loss, rest, type Stage } from "./scenes.ts";
import type { HostPlace } from "./simulated-host.ts";

await cleanUpWhenCutShort();

const NODES_PER_HOST = 10;
/** A third of the hosts is two whole zones of six, so that no cache loses all its nodes. */
const ZONES = 6;
const HOSTS_PER_TOKEN = 1_000;

const { values } = parseArgs({
	options: {
		hosts: { type: "string", default: "10" },
		nodes: { type: "string" },
		created: { type: "string" },
		scenes: { type: "string" },
		"repair-seconds": { type: "string", default: "600" },
		profile: { type: "string" },
	},
});
const patienceMs = Number(values["repair-seconds"]) * 1_000;
const sizes = values.hosts.split(",").map(Number);
const columns: Figures[] = [];
for (const hosts of sizes) columns.push(await measure(hosts));
const labels = [...new Set(columns.flatMap((figures) => Object.keys(figures)))];
console.log(
	markdownTable([
		["hosts", ...sizes.map(String)],
		...labels.map((label) => [label, ...columns.map((figures) => figures[label] ?? "")]),
	]),
);

async function measure(hosts: number): Promise<Figures> {
	const nodes = values.nodes === undefined ? hosts * NODES_PER_HOST : Number(values.nodes);
	const profile = values.profile === undefined ? null : join(values.profile, String(hosts));
	const controlPlane = await startControlPlane(profile);
	const fleet = new FleetLink();
	const caches = Math.floor(nodes / NODES_PER_CACHE);
	const created = Math.min(caches, Number(values.created ?? caches));
	const stage: Stage = { controlPlane, fleet, hosts, caches, created, gone: new Set() };
	const places = placesOf(hosts);
	const figures: Figures = { nodes: String(stage.caches * NODES_PER_CACHE) };
	const lost = places.filter((_, index) => index % 3 === 2 && index > 2);
	const scenes: Record<string, () => Promise<Figures>> = {
		rest: () => rest(stage),
		changes: () => changes(stage),
		churn: () => churn(stage),
		"one-lost": () => loss(stage, "a host lost", [places[2]?.name ?? ""], patienceMs),
		"third-lost": () =>
			loss(
				stage,
				"a third lost",
				lost.map(({ name }) => name),
				patienceMs,
			),
	};
	const wanted = values.scenes?.split(",") ?? Object.keys(scenes);
	const note = (found: Figures) => {
		Object.assign(figures, found);
		for (const [label, figure] of Object.entries(found)) {
			console.error(`${hosts} hosts: ${label}: ${figure}`);
		}
	};
	try {
		const startedAt = performance.now();
		for (let first = 0; first < hosts; first += HOSTS_PER_TOKEN) {
			const some = places.slice(first, first + HOSTS_PER_TOKEN);
			const token = createdJoinTokenSchema.parse(
				(await controlPlane.rest("POST", "/hosts/join-tokens", { body: { uses: some.length } }))
					.body,
			);
			await fleet.join(some, controlPlane.url, token.token);
		}
		const seconds = (performance.now() - startedAt) / 1_000;
		note({ "hosts joined a second": (hosts / seconds).toFixed(1) });
		note(await fill(stage));
		for (const [name, play] of Object.entries(scenes))
			if (wanted.includes(name)) note(await play());
	} finally {
		await controlPlane.stop();
		await fleet.stop();
	}
	return figures;
}

function placesOf(hosts: number): HostPlace[] {
	return Array.from({ length: hosts }, (_, index) => ({
		name: `host-${index}`,
		zone: `zone-${index % ZONES}`,
		address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
	}));
}
