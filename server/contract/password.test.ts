import { describe, expect, it } from "vitest";
import { createAdministratorInputSchema } from "./account.ts";
import { findPasswordWeakness } from "./password.ts";

const ADA = ["Ada Lovelace", "ada.lovelace@example.com"];

describe("a password that is easy to guess is refused, with the reason", () => {
	it.each([
		["aaaaaaaaaaaa", "repeats a few characters"],
		["111122223333", "repeats a few characters"],
		["tr0ub4tr0ub4", "repeats itself"],
		["123456789012", "follows the keyboard"],
		["qwertyuiop12", "follows the keyboard"],
		["zyxwvutsrqponm", "follows the keyboard"],
		["1qaz2wsx3edc", "follows the keyboard"],
		["abcdefgh1234", "follows the keyboard"],
		["Password1234", "common password"],
		["P@ssw0rd!2026", "common password"],
		["WelcomeAdmin1", "common password"],
		["iloveyou2026!", "common password"],
		["letmein-letmein1", "common password"],
		["larder-valkey-1", "common password"],
		["Lovelace-1815!", "your name"],
	])("%s", (password, reason) => {
		expect(findPasswordWeakness(password, ADA)).toContain(reason);
	});
});

it.each([
	["correct horse battery staple"],
	["Tr0ub4dor&3-rides"],
	["k7#Qz!m2Vx9p"],
	["blauer elefant tanzt"],
	["надёжный пароль тут"],
])("%s is accepted", (password) => {
	expect(findPasswordWeakness(password, ADA)).toBeNull();
});

describe("setup", () => {
	const input = (password: string) => ({
		...{ setupToken: "t", name: "Ada Lovelace", email: "ada@example.com", password },
	});
	it.each([
		["elevenchars", "password must have at least 12 characters"],
		[
			"Password1234",
			"password is a common password, or your name, with little added; use several unrelated words",
		],
	])("refuses %s at its field", (password, message) => {
		const parsed = createAdministratorInputSchema.safeParse(input(password));
		expect(parsed.error?.issues).toMatchObject([{ path: ["password"], message }]);
	});
	it("takes a good one", () => {
		expect(createAdministratorInputSchema.parse(input("correct horse battery"))).toBeTruthy();
	});
});
