import { afterAll, beforeAll, expect, it } from "vitest";
import {
	createExamplesCache,
	type ExamplesAtWork,
	startExamples,
} from "../fixtures/examples-at-work.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

const CACHE = "examples";

let larder: Installation;
let examples: ExamplesAtWork;

beforeAll(async () => {
	larder = await startInstallation();
	await createExamplesCache(larder, CACHE);
	examples = await startExamples(larder, CACHE);
});
afterAll(async () => {
	await examples?.stop();
	await larder?.stop();
});

it("every example loses nothing and returns nothing wrong while the cache loses its primary, and goes on", async () => {
	await examples.goOn();
	const primary = (await larder.getCache(CACHE))?.shards[0]?.nodes.find(
		({ role }) => role === "primary",
	);
	if (typeof primary?.pid !== "number") throw new Error("the cache has no primary");
	process.kill(primary.pid, "SIGKILL");
	await waitUntil("another primary", async () => {
		const nodes = (await larder.getCache(CACHE))?.shards[0]?.nodes;
		return nodes?.some(({ id, role }) => role === "primary" && id !== primary.id);
	});
	await examples.goOn();
	expect(await examples.finish()).toEqual(
		Object.fromEntries(examples.names.map((name) => [name, []])),
	);
});
