import {
	createNodeTypeInputSchema,
	engineVersionSchema,
	nodeTypeRefSchema,
	nodeTypeSchema,
	rateCardViewSchema,
	setRateCardInputSchema,
} from "../../../contract/index.ts";
import { setRateCard } from "../../../services/costs/set-rate-card.ts";
import { availableEngineVersions } from "../../../services/engine-versions.ts";
import { createNodeType } from "../../../services/node-types/create-node-type.ts";
import { deleteNodeType } from "../../../services/node-types/delete-node-type.ts";
import { listNodeTypes } from "../../../services/node-types/list-node-types.ts";
import { requires, router } from "../trpc.ts";
import { emptyInput, wholeListOf } from "./shapes.ts";

export const nodeTypes = router({
	list: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/node-types",
				status: 200,
				tag: "Catalog",
				summary: "List node types",
			},
		})
		.input(emptyInput)
		.output(wholeListOf(nodeTypeSchema))
		.query(async ({ ctx }) => ({
			items: await listNodeTypes(ctx.resources),
			nextCursor: null,
		})),
	create: requires("node-type:manage")
		.meta({
			rest: {
				method: "POST",
				path: "/node-types",
				status: 201,
				tag: "Catalog",
				summary: "Create a node type of your own",
			},
		})
		.input(createNodeTypeInputSchema)
		.output(nodeTypeSchema)
		.mutation(({ ctx, input }) => createNodeType(ctx.resources, ctx.caller, input)),
	delete: requires("node-type:manage")
		.meta({
			rest: {
				method: "DELETE",
				path: "/node-types/{name}",
				status: 200,
				tag: "Catalog",
				summary: "Delete a node type of your own",
				description: "Refused while a cache uses it.",
			},
		})
		.input(nodeTypeRefSchema)
		.output(nodeTypeRefSchema)
		.mutation(({ ctx, input }) => deleteNodeType(ctx.resources, ctx.caller, input)),
});

export const engineVersions = router({
	list: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/engine-versions",
				status: 200,
				tag: "Catalog",
				summary: "List the engine versions that hosts have, newest first",
			},
		})
		.input(emptyInput)
		.output(wholeListOf(engineVersionSchema))
		.query(async ({ ctx }) => ({
			items: await availableEngineVersions(ctx.resources.db),
			nextCursor: null,
		})),
});

export const rateCard = router({
	get: requires("cache:read")
		.meta({
			rest: {
				method: "GET",
				path: "/rate-card",
				status: 200,
				tag: "Catalog",
				summary: "Get the rates that costs are calculated from",
			},
		})
		.input(emptyInput)
		.output(rateCardViewSchema)
		.query(({ ctx }) => ctx.resources.rateCard),
	set: requires("rate-card:manage")
		.meta({
			rest: {
				method: "PUT",
				path: "/rate-card",
				status: 200,
				tag: "Catalog",
				summary: "Replace the rate card",
				description:
					"Send the version that you have changed, so that you don't undo what another person has changed meanwhile. Applies from now on: costs so far stay as they are. Node types that you leave out are priced by their memory. A new currency needs exchangeRate, by which Larder converts costs so far, but not prices.",
			},
		})
		.input(setRateCardInputSchema)
		.output(rateCardViewSchema)
		.mutation(({ ctx, input }) => setRateCard(ctx.resources, ctx.caller, input)),
});
