import {
	acceleratorHistoryInputSchema,
	acceleratorHistorySchema,
	acceleratorListSchema,
	acceleratorRefSchema,
	acceleratorSchema,
	createAcceleratorInputSchema,
	modifyAcceleratorInputSchema,
} from "../../../contract/accelerator.ts";
import { createAccelerator } from "../../../services/accelerators/create-accelerator.ts";
import { deleteAccelerator } from "../../../services/accelerators/delete-accelerator.ts";
import { getAcceleratorHistory } from "../../../services/accelerators/get-accelerator-history.ts";
import { modifyAccelerator } from "../../../services/accelerators/modify-accelerator.ts";
import {
	getAccelerator,
	listAccelerators,
} from "../../../services/accelerators/show-accelerator.ts";
import { requires, router } from "../trpc.ts";

const tag = "Accelerators";

export const accelerators = router({
	create: requires("accelerator:manage")
		.meta({
			rest: {
				...{ method: "POST", path: "/accelerators", status: 202, tag },
				summary: "Create an accelerator for DynamoDB",
				description:
					"Returns at once. Hosts start the instances, and the endpoint opens. Clients of DynamoDB use the accelerator by changing their endpoint to it; with accessKeyId, they must sign with that key.",
			},
		})
		.input(createAcceleratorInputSchema)
		.output(acceleratorSchema)
		.mutation(({ ctx, input }) => createAccelerator(ctx.resources, ctx.caller, input)),
	list: requires("accelerator:read")
		.meta({
			rest: {
				...{ method: "GET", path: "/accelerators", status: 200, tag },
				summary: "List accelerators",
			},
		})
		.output(acceleratorListSchema)
		.query(({ ctx }) => listAccelerators(ctx.resources)),
	get: requires("accelerator:read")
		.meta({
			rest: {
				...{ method: "GET", path: "/accelerators/{name}", status: 200, tag },
				summary: "Get an accelerator",
				description: "Its metrics are a few seconds old at most.",
			},
		})
		.input(acceleratorRefSchema)
		.output(acceleratorSchema)
		.query(({ ctx, input }) => getAccelerator(ctx.resources, input.name)),
	metrics: requires("accelerator:read")
		.meta({
			rest: {
				...{ method: "GET", path: "/accelerators/{name}/metrics", status: 200, tag },
				summary: "Get an accelerator's metrics over time",
				description:
					"Hits, misses, writes, calls to the upstream and latencies of all instances together, over the range that ends now. After a time without the control plane, what was counted meanwhile stands at its end.",
			},
		})
		.input(acceleratorHistoryInputSchema)
		.output(acceleratorHistorySchema)
		.query(({ ctx, input }) => getAcceleratorHistory(ctx.resources, input)),
	modify: requires("accelerator:manage")
		.meta({
			rest: {
				...{ method: "PATCH", path: "/accelerators/{name}", status: 200, tag },
				summary: "Change an accelerator",
				description:
					"Fields that you leave out don't change. It serves all the while: entries are stored with new times from then on, new instances join, and those that are too many let calls under way end.",
			},
		})
		.input(modifyAcceleratorInputSchema)
		.output(acceleratorSchema)
		.mutation(({ ctx, input }) => modifyAccelerator(ctx.resources, ctx.caller, input)),
	delete: requires("accelerator:manage")
		.meta({
			rest: {
				...{ method: "DELETE", path: "/accelerators/{name}", status: 200, tag },
				summary: "Delete an accelerator",
				description:
					"Its instances let calls under way end. The cache stays, and what the accelerator holds in it expires.",
			},
		})
		.input(acceleratorRefSchema)
		.output(acceleratorRefSchema)
		.mutation(({ ctx, input }) => deleteAccelerator(ctx.resources, ctx.caller, input)),
});
