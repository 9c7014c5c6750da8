import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AGENT_PROTOCOL_VERSION, enrollInputSchema, enrollResultSchema } from "./agent.ts";
import { watchInputSchema, watchResultSchema } from "./desired-state.ts";
import { alertMessageSchema, alertResultSchema } from "./host-alert.ts";
import { reportMessageSchema, reportResultSchema } from "./host-report.ts";

/** Calls from an agent of the previous version, and its control plane's answers (`npm run record:formats`). */
const framesSchema = z.array(
	z.object({
		procedure: z.string(),
		request: z.looseObject({ protocol: z.int() }),
		answer: z.unknown(),
	}),
);
const path = join(import.meta.dirname, "testing", "formats", "frames.json");
const frames = framesSchema.parse(JSON.parse(readFileSync(path, "utf8")));

describe.each([
	["enrol", enrollInputSchema, enrollResultSchema],
	["watch", watchInputSchema, watchResultSchema],
	["report", reportMessageSchema, reportResultSchema],
	["alert", alertMessageSchema, alertResultSchema],
] as const)("%s of the previous version", (procedure, requestSchema, answerSchema) => {
	const recorded = frames.filter((frame) => frame.procedure === procedure);

	it("is understood by this control plane, and all of it kept", () => {
		expect(recorded.length).toBeGreaterThan(0);
		for (const { request } of recorded) {
			expect(request.protocol).toBe(AGENT_PROTOCOL_VERSION - 1);
			expect(requestSchema.parse(request)).toMatchObject(request);
		}
	});

	it("has an answer that this version's agent can read: it may hold one from before its upgrade", () => {
		for (const { answer } of recorded) {
			const read = answerSchema.parse(answer);
			if (answer === null) expect(read).toBeNull();
			else expect(read).toMatchObject(answer as object);
		}
	});
});
