import type { z } from "zod";
import {
	AppError,
	type createNodeTypeInputSchema,
	MIB,
	type NodeType,
} from "../../contract/index.ts";
import { isUniqueViolation } from "../../data/database.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { toNodeTypeView } from "./list-node-types.ts";

const MILLIS_PER_VCPU = 1_000;

/** `already_exists` if the name is taken. */
export async function createNodeType(
	resources: Resources,
	caller: Caller,
	input: z.output<typeof createNodeTypeInputSchema>,
): Promise<NodeType> {
	const mostCpuMillis = input.vcpus * MILLIS_PER_VCPU;
	const size = {
		vcpus: input.vcpus,
		memoryBytes: input.memoryMib * MIB,
		cpuMillis: input.cpuMillis ?? mostCpuMillis,
	};
	if (size.cpuMillis > mostCpuMillis) {
		throw new AppError(
			"invalid_argument",
			`cpuMillis can be at most ${mostCpuMillis}, ${MILLIS_PER_VCPU} for each vCPU`,
			{ field: "cpuMillis" },
		);
	}
	try {
		return await mutate(resources, caller, {
			action: "node-type.create",
			target: input.name,
			input,
			run: async (tx) => {
				await tx.nodeType.create({
					data: {
						name: input.name,
						...size,
						memoryBytes: BigInt(size.memoryBytes),
						createdAt: resources.clock.now(),
					},
				});
				return toNodeTypeView(input.name, size, resources.rateCard);
			},
		});
	} catch (error) {
		if (!isUniqueViolation(error)) throw error;
		throw new AppError(
			"already_exists",
			`Node type ${input.name} already exists. Choose another name, or delete that type first.`,
			{ field: "name", cause: error },
		);
	}
}
