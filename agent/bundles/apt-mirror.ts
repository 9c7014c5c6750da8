import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";

/** One archive that the machine's own apt reads. */
export interface AptSource {
	readonly site: string;
	readonly suite: string;
}

export interface Distribution {
	/** debian, ubuntu … */
	readonly id: string;
	/** Code name of the machine's own release, such as bookworm. */
	readonly codename: string;
}

/** What /etc/os-release says; null if the file is missing or names no release. */
export async function readDistribution(): Promise<Distribution | null> {
	let text: string;
	try {
		text = await readFile("/etc/os-release", "utf8");
	} catch {
		return null;
	}
	const field = (name: string) =>
		new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(text)?.[1] || undefined;
	const id = field("ID");
	const codename = field("VERSION_CODENAME");
	return id !== undefined && codename !== undefined ? { id, codename } : null;
}

export function parseIndexTargets(output: string): AptSource[] {
	return output.split("\n").flatMap((line) => {
		const [site, suite] = line.trim().split("|");
		return site && suite ? [{ site, suite }] : [];
	});
}

export function parsePrintedUris(output: string): AptSource[] {
	return [...output.matchAll(/^'(\S+?)\/dists\/(\S+)\/(?:In)?Release'/gm)].flatMap(
		([, site, suite]) => (site && suite ? [{ site, suite }] : []),
	);
}

/**
 * The sites that serve the machine's own release. If none does, all sites except those whose suite ends in
 * `-security`, because a security archive carries no other suites.
 */
export function rankMirrors(sources: readonly AptSource[], codename: string): string[] {
	const own = sources.filter((source) => source.suite === codename);
	const others = sources.filter((source) => !source.suite.endsWith("-security"));
	const chosen = own.length > 0 ? own : others;
	return [...new Set(chosen.map((source) => source.site.replace(/\/+$/, "")))];
}

/**
 * Mirrors configured for the machine's apt. `indextargets` lists only what was fetched before, which is nothing in a
 * fresh container; in that case apt says what an update would fetch. apt puts its lock file into `scratchDir`.
 */
export async function findAptMirrors(codename: string, scratchDir: string): Promise<string[]> {
	const format = ["--format", "$(SITE)|$(RELEASE)"];
	const listed = await runCommand("apt-get", ["indextargets", ...format], { timeoutMs: 20_000 });
	const mirrors = rankMirrors(parseIndexTargets(listed), codename);
	if (mirrors.length > 0) return mirrors;
	const lists = `Dir::State::lists=${join(scratchDir, "no-lists")}`;
	const printed = await runCommand("apt-get", ["-o", lists, "update", "--print-uris"], {
		timeoutMs: 20_000,
	});
	return rankMirrors(parsePrintedUris(printed), codename);
}
