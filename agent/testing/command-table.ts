import { resolve } from "node:path";
import type { EngineConnection } from "../drivers/engine-connection.ts";
import type { RespValue } from "../drivers/resp-parser.ts";

/** A page for people: which commands a cache's clients may use on which engine. */
export const COMMANDS_PAGE = resolve("docs/client-commands.md");

/** Whether a user may use each command that an engine knows. */
export interface EngineCommands {
	/** The engine with its full version. */
	readonly release: string;
	readonly commands: ReadonlyMap<string, boolean>;
}

/** Asks the engine itself, with ACL DRYRUN: the user's rules decide, and nothing is executed. */
export async function readCommands(
	title: string,
	system: EngineConnection,
	username: string,
): Promise<EngineCommands> {
	const ask = (...words: string[]) => system.command(words, 5_000);
	const info = String(await ask("INFO", "server"));
	const version = /^valkey_version:(\S+)/m.exec(info) ?? /^redis_version:(\S+)/m.exec(info);
	const known = listCommands(await ask("COMMAND")).sort(([a], [b]) => (a < b ? -1 : 1));
	const commands = new Map<string, boolean>();
	for (const [name, arity] of known) {
		const words = name.split("|");
		const padding = Array.from({ length: Math.abs(arity) - words.length }, () => "1");
		const answer = await ask("ACL", "DRYRUN", username, ...words, ...padding);
		commands.set(name.replace("|", " ").toUpperCase(), answer === "OK");
	}
	return { release: `${title} ${version?.[1]}`, commands };
}

/** Names and arities from COMMAND; a command that has subcommands is replaced by them. */
function listCommands(entries: RespValue): [string, number][] {
	if (!Array.isArray(entries)) return [];
	return entries.flatMap((entry): [string, number][] => {
		if (!Array.isArray(entry)) return [];
		const [name, arity, , , , , , , , subcommands] = entry;
		const inner = listCommands(subcommands ?? null);
		return inner.length > 0 ? inner : [[String(name), Number(arity)]];
	});
}

const MARKS = { true: "yes", false: "**no**", undefined: "" } as const;

/** The page: first the commands that some engine denies, then all others. */
export function renderCommandPage(tables: readonly EngineCommands[]): string {
	const names = [...new Set(tables.flatMap(({ commands }) => [...commands.keys()]))].sort();
	const denied = names.filter((name) =>
		tables.some(({ commands }) => commands.get(name) === false),
	);
	const others = names.filter((name) => !denied.includes(name));
	const rows = (part: readonly string[]) => {
		const lines = part.map((name) => {
			const marks = tables.map(({ commands }) => MARKS[`${commands.get(name)}`]);
			return `| ${[name, ...marks].join(" | ")} |`;
		});
		const head = ["Command", ...tables.map(({ release }) => release)];
		return [`| ${head.join(" | ")} |`, `|${" --- |".repeat(head.length)}`, ...lines, ""].join("\n");
	};
	return [
		"# Client commands\n",
		"`npm run docs:commands` writes this page from the engines' answers to `ACL DRYRUN`;",
		"`agent/drivers/client-commands.int.test.ts` fails if the page is out of date. An empty cell means that this version doesn't have the command.",
		"`PUBLISH` to channels that begin with `__sentinel__:` is denied. The reason for each denied command is in",
		"`agent/drivers/client-commands.ts`.\n",
		`## Denied\n\n${rows(denied)}`,
		`## Allowed\n\n${rows(others)}`,
	].join("\n");
}

/** Which commands are allowed, by release and command. */
export type CommandPage = ReadonlyMap<string, ReadonlyMap<string, boolean>>;

export function parseCommandTable(page: string): CommandPage {
	const releases = new Map<string, Map<string, boolean>>();
	let head: string[] = [];
	for (const line of page.split("\n").filter((each) => each.startsWith("| "))) {
		const cells = line.slice(1, -1).split("|");
		const [name = "", ...marks] = cells.map((cell) => cell.trim());
		if (name === "Command") head = marks;
		else {
			for (const [index, release] of head.entries()) {
				const mark = marks[index] ?? "";
				const known = releases.get(release) ?? new Map<string, boolean>();
				releases.set(release, known);
				if (mark !== "") known.set(name, mark === MARKS.true);
			}
		}
	}
	return releases;
}
