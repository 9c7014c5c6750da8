import { requireWell, sendHostileRequests } from "../../fixtures/hostile-requests.ts";
import { startInstallation } from "../../fixtures/installation.ts";
import { findPostgres, startPostgres } from "../../fixtures/postgres-server.ts";
import type { Scenario, ScenarioOptions } from "../scenario.ts";

const REQUESTS = 10_000;

/** `databaseUrl` is that of a PostgreSQL server, or null for the embedded database. */
async function fuzz({ random }: ScenarioOptions, databaseUrl: string | null): Promise<string> {
	const larder = await startInstallation({
		agents: [],
		environment: databaseUrl === null ? {} : { DATABASE_URL: databaseUrl },
	});
	try {
		const { pid } = larder.controlPlane();
		const result = await sendHostileRequests(larder, { count: REQUESTS, random });
		await requireWell(larder, result);
		if (larder.controlPlane().ended !== null) throw new Error(`control plane ${pid} ended`);
		const counts = [...result.statuses].sort().map(([what, count]) => `${what} × ${count}`);
		return `${REQUESTS} requests: ${counts.join(", ")}`;
	} finally {
		await larder.stop();
	}
}

export const hostileInput: Scenario = {
	name: "hostile-input",
	description:
		"10,000 requests with NUL, surrogates and extreme times and numbers: no 5xx, the API still works",
	run: (options) => fuzz(options, null),
};

export const hostileInputPostgres: Scenario = {
	name: "hostile-input-postgres",
	description: "the same on a PostgreSQL server",
	whyNot: () =>
		findPostgres() === null
			? "it needs PostgreSQL's initdb and postgres (Debian: apt-get install postgresql)"
			: null,
	async run(options) {
		const postgres = await startPostgres();
		try {
			return await fuzz(options, postgres.url);
		} finally {
			await postgres.stop();
		}
	},
};
