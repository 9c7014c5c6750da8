import { constants } from "node:fs";
import { type FileHandle, open, readlink, realpath } from "node:fs/promises";
import { normalize, sep } from "node:path";

/** The agent may not read, or can't read, what it was asked for. The message says what to do, for people. */
export class ImportRefused extends Error {
	constructor(message: string, cause?: unknown) {
		super(message, { cause });
		this.name = "ImportRefused";
	}
}

export interface ReadingRule {
	/** Of this host, for messages. */
	readonly hostName: string;
	/** Files below them may be read. */
	readonly directories: readonly string[];
	/** The agent's own directory, which holds passwords: nothing of it is ever read. */
	readonly homeDir: string;
}

const isBelow = (path: string, directory: string) =>
	path.startsWith(directory.endsWith(sep) ? directory : `${directory}${sep}`);

/**
 * Opens a regular file that the host's operator allows the agent to read, wherever links on the way to it lead. Throws
 * ImportRefused. Nothing is looked at that isn't below an allowed directory by its name.
 */
export async function openAllowed(path: string, rule: ReadingRule): Promise<FileHandle> {
	const { hostName, directories, homeDir } = rule;
	const wanted = normalize(path);
	const allowed = await realPaths(directories);
	if (![...directories.map(normalize), ...allowed].some((each) => isBelow(wanted, each))) {
		throw notAllowed(path, rule);
	}
	const home = await realpath(homeDir);
	const requireAllowed = (real: string) => {
		if (isBelow(real, home) || !allowed.some((each) => isBelow(real, each))) {
			throw notAllowed(path, rule);
		}
	};
	try {
		requireAllowed(await realpath(wanted));
		// A pipe would keep the open call waiting.
		const file = await open(wanted, constants.O_RDONLY | constants.O_NONBLOCK);
		try {
			// A link may have been changed meanwhile: what is open counts.
			requireAllowed(await readlink(`/proc/self/fd/${file.fd}`));
			if ((await file.stat()).isFile()) return file;
			throw new ImportRefused(`${path} on host ${hostName} isn't a file.`);
		} catch (error) {
			await file.close();
			throw error;
		}
	} catch (error) {
		throw error instanceof ImportRefused ? error : unreadable(path, hostName, error);
	}
}

async function realPaths(directories: readonly string[]): Promise<string[]> {
	const found = await Promise.allSettled(directories.map((directory) => realpath(directory)));
	return found.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
}

function notAllowed(path: string, { hostName, directories }: ReadingRule): ImportRefused {
	const so =
		directories.length === 0
			? "no directory is allowed"
			: `only files below ${directories.join(" and ")} are allowed`;
	return new ImportRefused(
		`The agent on host ${hostName} may not read ${path}: ${so}. On that host, add the file's directory to LARDER_IMPORT_DIRECTORIES (or --import-directory), and start the agent again.`,
	);
}

function unreadable(path: string, hostName: string, error: unknown): ImportRefused {
	const { code } = error as NodeJS.ErrnoException;
	const cause =
		code === "ENOENT"
			? "There is no such file"
			: code === "EACCES"
				? "The agent's user may not read it"
				: error instanceof Error
					? error.message
					: String(error);
	return new ImportRefused(`Host ${hostName} can't read ${path}. ${cause}.`, error);
}
