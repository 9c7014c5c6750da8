import { readFileSync } from "node:fs";
import { join } from "node:path";

/** An address that another machine can clone from. The match leaves out a name or password. */
const REMOTE = /^\s*url\s*=\s*(?:(https?|ssh|git):\/\/(?:[^@/\s]*@)?|(git@))(\S+)$/m;

/** Where the code that runs here is, and what it was cloned from; null if that isn't known. */
export function findSource(directory: string): { directory: string; repository: string | null } {
	return { directory, repository: repositoryOf(readIfThere(join(directory, ".git", "config"))) };
}

/** The address of the remote `origin` in a git configuration; null if no other machine can clone from it. */
export function repositoryOf(configuration: string): string | null {
	const section = configuration.split(/^\[/m).find((each) => each.startsWith('remote "origin"]'));
	const [, protocol, user, rest] = REMOTE.exec(section ?? "") ?? [];
	if (rest === undefined) return null;
	return protocol === undefined ? `${user}${rest}` : `${protocol}://${rest}`;
}

/** An unpacked release has no git configuration, and a linked work tree has it elsewhere. */
function readIfThere(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code;
		if (code === "ENOENT" || code === "ENOTDIR") return "";
		throw error;
	}
}
