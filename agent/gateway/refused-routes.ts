import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Route } from "../../server/contract/agent.ts";
import { alertsIn } from "./haproxy-socket.ts";

const CHECK_TIMEOUT_MS = 10_000;

/** Null when HAProxy takes the configuration, or why it doesn't. It binds no port for that. */
export async function checkConfiguration(options: {
	program: string;
	text: string;
	/** Written for the moment, private: the text holds passwords. */
	scratchFile: string;
}): Promise<string | null> {
	const { program, text, scratchFile } = options;
	await writeFileAtomic(scratchFile, text);
	try {
		return await new Promise((resolve) => {
			execFile(
				program,
				["-c", "-f", scratchFile],
				{ timeout: CHECK_TIMEOUT_MS, env: { LC_ALL: "C", NODE_ENV: process.env.NODE_ENV } },
				(error, _stdout, stderr) => resolve(error === null ? null : alertsIn(stderr)),
			);
		});
	} finally {
		await rm(scratchFile, { force: true });
	}
}

/**
 * Routes that HAProxy refuses, with its reason: found by halving, since it names lines, not routes. None when it
 * refuses something else.
 */
export async function findRefusedRoutes(
	routes: readonly Route[],
	check: (routes: readonly Route[]) => Promise<string | null>,
): Promise<{ route: Route; message: string }[]> {
	const message = routes.length === 0 ? null : await check(routes);
	if (message === null) return [];
	const [first, ...others] = routes;
	if (first === undefined) return [];
	if (others.length === 0) return [{ route: first, message }];
	const middle = Math.floor(routes.length / 2);
	return [
		...(await findRefusedRoutes(routes.slice(0, middle), check)),
		...(await findRefusedRoutes(routes.slice(middle), check)),
	];
}
