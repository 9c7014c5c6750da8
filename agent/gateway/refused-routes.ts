import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Route } from "../../server/contract/routes.ts";
import { alertsIn } from "./haproxy-socket.ts";

const CHECK_TIMEOUT_MS = 10_000;

/** Null if HAProxy accepts the configuration, otherwise why not. The check binds no port. */
export async function checkConfiguration(options: {
	program: string;
	text: string;
	/** A temporary, private file: the text contains passwords. */
	scratchFile: string;
}): Promise<string | null> {
	const { program, text, scratchFile } = options;
	await writeFileAtomic(scratchFile, text);
	try {
		return await new Promise((resolve) => {
			execFile(
				program,
				["-c", "-f", basename(scratchFile)],
				{
					timeout: CHECK_TIMEOUT_MS,
					// Files are named relative to the directory, as in the gateway's own HAProxy.
					cwd: dirname(scratchFile),
					env: { LC_ALL: "C", NODE_ENV: process.env.NODE_ENV },
				},
				(error, _stdout, stderr) => resolve(error === null ? null : alertsIn(stderr)),
			);
		});
	} finally {
		await rm(scratchFile, { force: true });
	}
}

/**
 * The routes that HAProxy refuses, with its reason. Found by halving, because HAProxy names lines, not
 * routes. None if it refuses something else.
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
