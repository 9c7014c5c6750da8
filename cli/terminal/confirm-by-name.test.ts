import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { EXIT } from "../exit-codes.ts";
import { confirmByName } from "./confirm-by-name.ts";

const deletion = {
	name: "orders",
	warning: "Cache orders and its data will be deleted.",
	scripted: "larder caches delete orders --yes",
};

/** A terminal on which `typed` is typed; null ends the input, as Ctrl-D does. */
function terminal(typed: string | null, isTTY = true) {
	const input = Object.assign(new PassThrough(), { isTTY });
	const output = Object.assign(new PassThrough(), { isTTY });
	input.end(typed === null ? "" : `${typed}\n`);
	return { input, output };
}

describe("a command that destroys data", () => {
	it("continues once the name is typed", async () => {
		const screen = terminal("orders");
		await confirmByName({}, deletion, screen);
		expect(String(screen.output.read())).toBe(
			"Cache orders and its data will be deleted.\nType orders to confirm: ",
		);
	});

	it.each(["order", "ORDERS", "y", "", null])("stops when %j is typed", async (typed) => {
		await expect(confirmByName({}, deletion, terminal(typed))).rejects.toMatchObject({
			exitCode: EXIT.invalidInput,
			message: expect.stringContaining("Nothing was changed"),
		});
	});

	it("asks nothing with --yes", async () => {
		const screen = terminal(null, false);
		await confirmByName({ yes: true }, deletion, screen);
		expect(screen.output.read()).toBeNull();
	});

	it("refuses without a terminal, and says how a script confirms", async () => {
		await expect(confirmByName({}, deletion, terminal("orders", false))).rejects.toMatchObject({
			exitCode: EXIT.invalidInput,
			message: expect.stringContaining("--yes"),
			hints: ["larder caches delete orders --yes"],
		});
	});
});
