import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { onPath } from "./requirements.mjs";
import { runCommand } from "./run-command.mjs";

const DEBIAN_DIRECTORY = "/usr/lib/postgresql";
const SKIPPED = "tests against a PostgreSQL server are skipped";

/**
 * PostgreSQL's programs for tests, which start a server of their own (e2e/fixtures/postgres-server.ts). Without
 * them those tests are skipped: the same tests run on the embedded database.
 */
export function postgresStage(root) {
	return {
		name: "postgres",
		title: "Find PostgreSQL",
		// Only one apt-get may run at a time.
		after: ["browser"],
		isFresh: async () => hasPostgres(),
		async run({ detail, warn }) {
			if (process.getuid?.() !== 0 || !onPath("apt-get")) {
				warn(
					`There is no PostgreSQL: ${SKIPPED}. Install Debian's as root (apt-get install postgresql).`,
				);
				return "skipped";
			}
			// The tests run a server of their own, so Debian's must not start.
			const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
			const options = { cwd: root, env, what: "Installing postgresql" };
			try {
				detail("apt-get update");
				await runCommand("apt-get", ["update"], options);
				detail("apt-get install postgresql");
				await runCommand(
					"apt-get",
					["install", "-y", "--no-install-recommends", "postgresql"],
					options,
				);
			} catch (error) {
				warn(`PostgreSQL can't be installed: ${SKIPPED}. ${error.message}`);
				return "skipped";
			}
			if (hasPostgres()) return undefined;
			warn(`postgresql was installed but has no programs in ${DEBIAN_DIRECTORY}: ${SKIPPED}.`);
			return "skipped";
		},
	};
}

export function hasPostgres() {
	const versions = existsSync(DEBIAN_DIRECTORY) ? readdirSync(DEBIAN_DIRECTORY) : [];
	return (
		versions.some((version) => existsSync(join(DEBIAN_DIRECTORY, version, "bin", "initdb"))) ||
		(onPath("initdb") && onPath("postgres"))
	);
}
