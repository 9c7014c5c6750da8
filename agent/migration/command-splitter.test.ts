import { expect, test } from "vitest";
import { CommandSplitter } from "./command-splitter.ts";

const command = (...args: string[]) =>
	`*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;

const STREAM = [
	...[command("SELECT", "0"), command("PING"), command("SET", "k", "v\r\n*1\r\n")],
	...["\n", command("REPLCONF", "GETACK", "*"), command("SET", "big", "x".repeat(5_000))],
].join("");
const FORWARDED = [
	...[command("SELECT", "0"), command("SET", "k", "v\r\n*1\r\n")],
	command("SET", "big", "x".repeat(5_000)),
].join("");

test("a stream that arrives in pieces of any size is forwarded without what concerns the link", () => {
	for (const size of [1, 7, 100, 10_000]) {
		const splitter = new CommandSplitter();
		let forwarded = "";
		let [commands, bytes] = [0, 0];
		for (let at = 0; at < STREAM.length; at += size) {
			const split = splitter.push(Buffer.from(STREAM.slice(at, at + size), "latin1"));
			forwarded += split.forward.toString("latin1");
			commands += split.commands;
			bytes += split.bytes;
		}
		expect({ forwarded, commands, bytes }).toEqual({
			...{ forwarded: FORWARDED, commands: 3, bytes: STREAM.length },
		});
	}
});

test("bytes that aren't commands are an error", () => {
	expect(() => new CommandSplitter().push(Buffer.from("+OK\r\n"))).toThrow("damaged");
});
