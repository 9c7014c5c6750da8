import { describe, expect, it } from "vitest";
import { createNodeTypeInputSchema } from "../../server/contract/node-type.ts";
import { asSentence, firstIssues } from "./form-issues.ts";

describe("a form's errors", () => {
	it.each([
		["name is required", "Name is required."],
		["memoryMib must be a whole number", "Memory in MiB must be a whole number."],
		["vcpus must be 1 to 256", "vCPU must be 1 to 256."],
		[
			"nodeType must look like cache.t4g.micro; see GET /api/v1/node-types",
			"Node type must look like cache.t4g.micro.",
		],
		[
			"multiAz needs at least one replica; set replicasPerShard to 1 or more",
			"Multi-AZ needs at least one replica; set replicas per shard to 1 or more.",
		],
		[
			"replicasPerShard can't be 0 while multiAz is on; set multiAz to false in the same request, or keep at least 1",
			"Replicas per shard can't be 0 while Multi-AZ is on; turn Multi-AZ off, or keep at least 1.",
		],
		["orders exists already.", "Orders exists already."],
	])("%j reads %j", (message, sentence) => expect(asSentence(message)).toBe(sentence));

	it("are given for each field, in the form's words", () => {
		const parsed = createNodeTypeInputSchema.safeParse({
			name: "small",
			vcpus: 0,
			memoryMib: 0.5,
			cpuMillis: 1,
		});
		expect(Object.fromEntries(firstIssues(parsed.error))).toEqual({
			name: "Name must be two words or more of lowercase letters and digits with a dot or hyphen between them, such as own.small.",
			vcpus: "vCPU must be 1 to 256.",
			memoryMib: "Memory in MiB must be a whole number.",
			cpuMillis: "Assigned CPUs, in thousandths, must be 10 to 256000.",
		});
	});
});
