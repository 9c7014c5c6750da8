import { randomUUID } from "node:crypto";
import type { Observation, ReportInput } from "../contract/agent.ts";
import { GIB } from "../contract/limits.ts";
import { enrolHost } from "../fleet/enrol-host.ts";
import { ingestReport } from "../fleet/ingest-report.ts";
import { watchHost } from "../fleet/watch-host.ts";
import { createJoinToken } from "../services/hosts/create-join-token.ts";
import { type TestResources, testCaller } from "./test-resources.ts";

export const TEST_EPOCH = 1;

/** A host whose reports the test writes: the protocol's other end, without processes. */
export async function enrolTestHost({ resources }: TestResources, name: string, zone: string) {
	const { token } = await createJoinToken(
		resources,
		testCaller(),
		{ expiresInHours: 1 },
		"http://control",
	);
	const number = Number(name.replace(/\D/g, "")) || 1;
	const facts = {
		agentVersion: "1",
		bindAddress: `127.0.0.${number}`,
		advertisedAddress: `127.0.0.${number}`,
		cpus: 2,
		memoryBytes: 4 * GIB,
		bootId: "boot",
		engines: [{ engine: "valkey", version: "9.1.2", source: "bundle" as const }],
	};
	const enrolment = {
		protocol: 1 as const,
		joinToken: token,
		agentId: randomUUID(),
		credential: `${name}-`.padEnd(43, "x"),
		name,
		zone,
		facts,
	};
	const { hostId } = await enrolHost(resources, enrolment);
	const report = (overrides: Partial<ReportInput> = {}) =>
		ingestReport(resources, hostId, {
			protocol: 1,
			epoch: TEST_EPOCH,
			revision: -1,
			facts: null,
			observations: null,
			events: [],
			metrics: [],
			...overrides,
		});
	await report();
	return {
		hostId,
		enrolment,
		report,
		/** The desired state as it is now; throws if a long poll would be needed. */
		async state() {
			const state = await watchHost(
				resources,
				TEST_EPOCH,
				hostId,
				{ protocol: 1, revision: -1, epoch: -1 },
				undefined,
			);
			if (state === null) throw new Error("no desired state");
			return state;
		},
		/** Reports every assignment of the desired state as running in the role that it asks for. */
		async converge() {
			const state = await this.state();
			await report({
				revision: state.revision,
				observations: state.assignments.map(
					(assignment): Observation => ({
						assignmentId: assignment.id,
						generation: assignment.generation,
						phase: "running",
						reason: null,
						pid: 4_000 + number,
						startedAt: "2026-01-01T00:00:00Z",
						launchPermit: assignment.launchPermit,
						restarts: 0,
						engineState: {
							version: "9.1.2",
							role: assignment.role.kind,
							loading: false,
							primaryHost: assignment.role.kind === "replica" ? assignment.role.of.host : null,
							primaryPort: assignment.role.kind === "replica" ? assignment.role.of.port : null,
							linkUp: true,
							offset: 100,
							onlineReplicas: 0,
						},
					}),
				),
			});
		},
	};
}
export type TestHost = Awaited<ReturnType<typeof enrolTestHost>>;
