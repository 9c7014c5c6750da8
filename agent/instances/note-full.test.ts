import { expect, test } from "vitest";
import { noteRefusals } from "./note-full.ts";

test("an event tells when an engine begins to refuse clients, and again after it has accepted all for a while", () => {
	const told: string[] = [];
	const core = {
		...{ id: "i1", assignment: null, toldFull: false, refusedClients: null },
		tell: (_severity: string, type: string) => void told.push(type),
	};
	const samples = (...counts: number[]) => {
		for (const refusedClients of counts) noteRefusals(core, { refusedClients });
		return told.splice(0);
	};
	// What it refused before this agent looked is old news.
	expect(samples(5, 5)).toEqual([]);
	expect(samples(6, 9, 30)).toEqual(["node.full"]);
	expect(samples(30, 31)).toEqual(["node.full"]);
	// A new process has counted three since its start, all before its first sample.
	expect(samples(3)).toEqual([]);
	expect(samples(4)).toEqual(["node.full"]);
});
