import { expect, it } from "vitest";
import { ReadOnlyGuard } from "./read-only-guard.ts";

function scene() {
	const time = { now: 0 };
	const engine = { readOnly: "no", said: [] as string[] };
	const guard = new ReadOnlyGuard(
		async (...args) => {
			if (args[1] === "GET") return [args[2] ?? "", engine.readOnly];
			engine.said.push(args.join(" "));
			if (args[1] === "SET") engine.readOnly = args[3] ?? "";
			return "OK";
		},
		() => time.now,
	);
	return { time, engine, guard };
}

it("leaves a hand-over in progress alone", async () => {
	const { time, engine, guard } = scene();
	await guard.keep();
	time.now = 7_900;
	await guard.keep();
	engine.readOnly = "yes";
	time.now = 9_000;
	await guard.keep();
	// The next one starts a new count.
	engine.readOnly = "no";
	await guard.keep();
	time.now = 16_900;
	await guard.keep();
	expect(engine.said).toEqual([]);
});

it("ends a hold whose agent has died, before its pause does", async () => {
	const { time, engine, guard } = scene();
	await guard.keep();
	time.now = 8_000;
	await guard.keep();
	expect(engine.said).toEqual(["CONFIG SET replica-read-only yes", "CLIENT UNPAUSE"]);
});
