import { cpSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { removeDirectory } from "../../platform/testing/owned-directory.ts";
import { makeUglyDirectory } from "../../platform/testing/ugly-directory.ts";
import { readBundle } from "../bundles/engine-store.ts";
import { checkNodesFile } from "../drivers/launch-nodes.ts";
import { openGatewayDirectory } from "../gateway/gateway-paths.ts";
import { gatewayRecordSchema } from "../gateway/gateway-record.ts";
import { LeaderMap } from "../gateway/leader-map.ts";
import { readRecord } from "../instances/instance-record.ts";
import { sentinelRecordSchema } from "../sentinel/sentinel-record.ts";
import { loadIdentity } from "../state/agent-identity.ts";
import { readDesiredCache } from "../state/desired-cache.ts";

/** Files that an agent of the previous version left (`npm run record:formats`). */
const RECORDED = join(import.meta.dirname, "formats");

let root: string;
let home: string;
beforeAll(() => {
	root = makeUglyDirectory("larder-formats");
	home = join(root, "home");
	cpSync(RECORDED, root, { recursive: true });
});
afterAll(() => removeDirectory(root));

const warnings: string[] = [];
const logger = pino({ level: "warn" }, { write: (line) => warnings.push(line) });
const jsonOf = (path: string) => JSON.parse(readFileSync(join(RECORDED, path), "utf8"));

/** The reader of each kind of file. A reader of a JSON record must return everything that was recorded. */
const READERS: readonly [name: RegExp, read: (path: string) => Promise<void>][] = [
	[/^home\/identity(\.copy)?\.json$/, async (path) => same(path, await loadIdentity(home, logger))],
	[/^home\/desired\.json$/, async (path) => same(path, await readDesiredCache(home, logger))],
	[
		/^home\/(instances\/[^/]+\/state|launched\/[^/]+)\.json$/,
		async (path) => same(path, await readRecord(join(root, path))),
	],
	[
		/^home\/gateway\/state\.json$/,
		async (path) => same(path, gatewayRecordSchema.parse(jsonOf(path))),
	],
	[
		/^home\/sentinel\/state\.json$/,
		async (path) => same(path, sentinelRecordSchema.parse(jsonOf(path))),
	],
	[/^home\/gateway\/leaders\.map$/, readLeaders],
	[/^home\/instances\/[^/]+\/data\/nodes\.conf$/, readNodes],
	[/^store\/bundle\.json$/, readManifest],
];

function same(path: string, read: unknown): void {
	expect(read).toMatchObject(jsonOf(path));
}

/** `tell` would fail if the map differed from `wanted`, because no HAProxy runs here that could take the change. */
async function readLeaders(path: string): Promise<void> {
	const lines = readFileSync(join(root, path), "utf8").trim().split("\n");
	const leaders = lines.map((line) => line.split(" ") as [string, string]);
	const wanted = new Map(leaders.map(([backend, nodeId]) => [backend, { nodeId, others: [] }]));
	const servers = new Set(leaders.map(([backend, nodeId]) => `${backend}/${nodeId}`));
	await new LeaderMap(await openGatewayDirectory(home)).tell(wanted, servers);
}

async function readNodes(path: string): Promise<void> {
	const [, , id] = path.split("/");
	const assignments: { id: string; cluster: { nodeId: string } }[] =
		jsonOf("home/desired.json").assignments;
	const nodeId = assignments.find((each) => each.id === id)?.cluster.nodeId ?? "";
	expect(checkNodesFile(readFileSync(join(root, path), "utf8"), nodeId)).toBeNull();
}

async function readManifest(path: string): Promise<void> {
	const directory = join(root, dirname(path));
	const manifest = jsonOf(path);
	for (const file of manifest.files) {
		const place = join(directory, file.path);
		mkdirSync(dirname(place), { recursive: true });
		writeFileSync(place, "");
		truncateSync(place, file.sizeBytes);
	}
	writeFileSync(join(root, path), JSON.stringify({ ...manifest, directory }));
	expect(await readBundle(directory)).toMatchObject({ engine: manifest.engine });
}

it("reads every file that an agent of the previous version has written", async () => {
	const files = readdirSync(RECORDED, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name).slice(RECORDED.length + 1));
	for (const [kind, read] of READERS) {
		const paths = files.filter((path) => kind.test(path));
		expect(paths, String(kind)).not.toEqual([]);
		for (const path of paths) await read(path);
	}
	expect(files.filter((path) => !READERS.some(([kind]) => kind.test(path)))).toEqual([]);
	expect(warnings).toEqual([]);
});
