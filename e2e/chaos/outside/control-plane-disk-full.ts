import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openHome } from "../../../platform/home.ts";
import { makeOwnedDirectory } from "../../../platform/testing/owned-directory.ts";
import {
	fillDisk,
	mountSmallDisk,
	unmountSmallDisk,
	whyNoSmallDisk,
} from "../../../platform/testing/small-disk.ts";
import { placeNewDatabase } from "../../fixtures/database-template.ts";
import { startProgram } from "../../fixtures/program.ts";
import { findFreePort } from "../../fixtures/reserve-ports.ts";
import { createRest, type Rest } from "../../fixtures/rest.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { type Scenario, Violation } from "../scenario.ts";

const DISK_MIB = 160;
const CHANGES_MAX = 2_000;
const START_TIMEOUT_MS = 60_000;

/** The disk with the control plane's database and its log has no room left. */
export const controlPlaneDiskFull: Scenario = {
	name: "control-plane-disk-full",
	description:
		"on a full disk the control plane answers reads, refuses changes with a clear error, and recovers",
	whyNot: whyNoSmallDisk,
	async run() {
		const root = makeOwnedDirectory("larder-full-");
		mountSmallDisk(root, DISK_MIB);
		try {
			return await onSmallDisk(root);
		} finally {
			unmountSmallDisk(root);
			rmSync(root, { recursive: true, force: true });
		}
	},
};

async function onSmallDisk(root: string): Promise<string> {
	const home = openHome({ ...process.env, LARDER_HOME: root });
	await placeNewDatabase(home.databaseDir);
	const port = await findFreePort();
	const url = `http://127.0.0.1:${port}`;
	const environment: NodeJS.ProcessEnv = {
		...{ ...process.env, NODE_ENV: "production", LARDER_HOME: root, PORT: String(port) },
		...{ LARDER_CONSOLE: "off", LARDER_LOG_LEVEL: "debug" },
	};
	const server = startProgram("server", environment, join(home.logsDir, "control-plane.log"));
	try {
		const answers = async () => (await fetch(`${url}/healthz`)).status === 200;
		await waitUntil("the control plane to answer", answers, START_TIMEOUT_MS);
		const rest = createRest(url, readFileSync(home.adminTokenFile, "utf8").trim());
		const makeRoom = fillDisk(root);
		let stored: number;
		try {
			stored = await changeUntilRefused(rest);
			await requireReads(rest, url);
			const { body } = await rest("GET", "/overview");
			if (!JSON.stringify(body).includes('"diskFull":true')) {
				throw new Violation(`the overview doesn't say so: ${JSON.stringify(body)}`);
			}
		} finally {
			makeRoom();
		}
		const change = async () => (await rest("POST", "/hosts/join-tokens", { body: {} })).status;
		await waitUntil("changes to be stored again", async () => (await change()) === 201);
		await requireReads(rest, url);
		if (server.ended !== null) throw new Violation(`the control plane ended: ${server.ended}`);
		return `${stored} changes were stored, the next was refused with 503; all is well once there is room`;
	} finally {
		await server.end("SIGTERM");
	}
}

/** How many changes were stored before one was refused with the right message. */
async function changeUntilRefused(rest: Rest): Promise<number> {
	for (let stored = 0; stored < CHANGES_MAX; stored += 1) {
		const { status, body } = await rest("POST", "/hosts/join-tokens", { body: {} });
		if (status === 201) continue;
		if (status !== 503 || !JSON.stringify(body).includes("disk is full")) {
			throw new Violation(`a change was refused with ${status}: ${JSON.stringify(body)}`);
		}
		return stored;
	}
	throw new Violation(`${CHANGES_MAX} changes were stored on a full disk`);
}

async function requireReads(rest: Rest, url: string): Promise<void> {
	if ((await fetch(`${url}/healthz`)).status !== 200) throw new Violation("/healthz fails");
	for (const path of ["/hosts", "/caches", "/events"]) {
		const { status } = await rest("GET", path);
		if (status !== 200) throw new Violation(`GET ${path} answers ${status}`);
	}
}
