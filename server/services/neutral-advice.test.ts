import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const server = join(import.meta.dirname, "..");
const COMMAND = /larder (hosts|caches|agent|tokens|node-types|parameter-groups|events)\b|--lost\b/;
/** Its answer is a command, to be run on another machine. */
const COMMAND_IS_THE_ANSWER = join("domain", "fleet", "join-steps.ts");

/** The console and API clients show these messages as well. The CLI adds its own commands. */
it("messages of use cases and rules say what to do, without naming a command of the CLI", () => {
	const files = ["domain", "services", "reconciler"].flatMap((area) =>
		readdirSync(join(server, area), { recursive: true, encoding: "utf8" }).map((file) =>
			join(area, file),
		),
	);
	const named = files
		.filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
		.filter((file) => file !== COMMAND_IS_THE_ANSWER)
		.flatMap((file) =>
			readFileSync(join(server, file), "utf8")
				.split("\n")
				.filter((line) => COMMAND.test(line) && !/^\s*(\/\/|\/?\*)/.test(line))
				.map((line) => `${file}: ${line.trim()}`),
		);
	expect(named).toEqual([]);
});
