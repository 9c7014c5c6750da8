import { expect, test } from "vitest";
import { CommandSplitter, encodeCommand } from "./command-splitter.ts";

const command = (...args: string[]) => encodeCommand(args).toString("latin1");

const COMMANDS = [
	...[command("SELECT", "0"), command("ping"), command("SET", "k", "v\r\n*1\r\n")],
	...[command("REPLCONF", "GETACK", "*"), command("SET", "big", "x".repeat(5_000))],
];

test("a stream that arrives in pieces of any size is split into its commands", () => {
	// An empty line keeps the connection alive.
	const stream = [...COMMANDS.slice(0, 3), "\n", ...COMMANDS.slice(3)].join("");
	for (const size of [1, 7, 100, 10_000]) {
		const splitter = new CommandSplitter();
		const found: string[] = [];
		const names: string[] = [];
		let end = 0;
		for (let at = 0; at < stream.length; at += size) {
			const split = splitter.push(Buffer.from(stream.slice(at, at + size), "latin1"));
			for (const { raw, name } of split.commands) {
				found.push(raw.toString("latin1"));
				names.push(name);
			}
			expect(split.commands.at(-1)?.end ?? end).toBeGreaterThanOrEqual(end);
			end = split.end;
		}
		expect(found).toEqual(COMMANDS);
		expect(names).toEqual(["SELECT", "PING", "SET", "REPLCONF", "SET"]);
		expect(end).toBe(stream.length);
	}
});

test("bytes that aren't commands are an error", () => {
	expect(() => new CommandSplitter().push(Buffer.from("+OK\r\n"))).toThrow("damaged");
});
