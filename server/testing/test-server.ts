import { once } from "node:events";
import { rmSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createLogger } from "../../platform/logger.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import { createHttpServer } from "../api/http-server.ts";
import type { PageHandler } from "../api/render-page.ts";
import { createSessionDoors } from "../auth/sessions.ts";
import { createSetUp } from "../auth/set-up.ts";
import { sha256Hex } from "../platform/secrets.ts";
import { TEST_EPOCH } from "./test-host.ts";
import type { TestResources } from "./test-resources.ts";

export const TEST_MACHINE_TOKEN = "larder_test-machine";

export interface TestServer {
	url: string;
	setupToken: string;
	/**
	 * Sends bytes unchanged and reads until the server closes the connection, which the request must ask for.
	 */
	raw(request: string): Promise<{ status: number; body: string }>;
	close(): Promise<void>;
}

export interface TestServerOptions {
	trustedProxies?: string[];
	trustsNetwork?: boolean;
	/** Stands in for the console. */
	pages?: PageHandler;
}

/** The control plane's HTTP server, without a console unless `pages` is given. */
export async function startTestServer(
	{ resources }: TestResources,
	{ trustedProxies = [], trustsNetwork = false, pages }: TestServerOptions = {},
): Promise<TestServer> {
	const directory = makeOwnedDirectory("larder-test-");
	const sessions = createSessionDoors(resources.db, "a secret of the test's own, long enough");
	const setUp = createSetUp(resources, sessions.secure, join(directory, "setup-token"));
	const logger = createLogger("test");
	logger.level = "silent";
	const app = await createHttpServer({
		identification: {
			...{ resources, sessions, trustsNetwork },
			machineTokenHash: sha256Hex(TEST_MACHINE_TOKEN),
		},
		trustedProxies,
		setUp,
		epoch: TEST_EPOCH,
		version: "test",
		logger,
		pages: pages ?? null,
	});
	await app.listen({ host: "127.0.0.1", port: 0 });
	const { port } = app.server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}`,
		setupToken: (await setUp.token()) ?? "",
		async raw(request) {
			const socket = connect(port, "127.0.0.1");
			await once(socket, "connect");
			socket.write(request);
			const answer = await text(socket);
			const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
			return { status, body: answer.slice(answer.indexOf("\r\n\r\n") + 4) };
		},
		async close() {
			await app.close();
			rmSync(directory, { recursive: true });
		},
	};
}
