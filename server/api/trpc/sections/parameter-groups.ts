import {
	createParameterGroupInputSchema,
	listParameterGroupsInputSchema,
	modifyParameterGroupInputSchema,
	parameterGroupRefSchema,
	parameterGroupSchema,
	parameterGroupSummarySchema,
	resetParameterGroupInputSchema,
} from "../../../contract/index.ts";
import { createParameterGroup } from "../../../services/parameter-groups/create-parameter-group.ts";
import { deleteParameterGroup } from "../../../services/parameter-groups/delete-parameter-group.ts";
import {
	getParameterGroup,
	listParameterGroups,
} from "../../../services/parameter-groups/list-parameter-groups.ts";
import {
	modifyParameterGroup,
	resetParameterGroup,
} from "../../../services/parameter-groups/modify-parameter-group.ts";
import { requires, router } from "../trpc.ts";
import { wholeListOf } from "./shapes.ts";

export const parameterGroups = router({
	list: requires("parameter-group:read")
		.meta({
			rest: {
				method: "GET",
				path: "/parameter-groups",
				status: 200,
				tag: "Parameter groups",
				summary: "List parameter groups, default ones first",
			},
		})
		.input(listParameterGroupsInputSchema)
		.output(wholeListOf(parameterGroupSummarySchema))
		.query(async ({ ctx, input }) => ({
			items: await listParameterGroups(ctx.resources, input),
			nextCursor: null,
		})),
	get: requires("parameter-group:read")
		.meta({
			rest: {
				method: "GET",
				path: "/parameter-groups/{name}",
				status: 200,
				tag: "Parameter groups",
				summary: "Get a parameter group with all of its parameters",
			},
		})
		.input(parameterGroupRefSchema)
		.output(parameterGroupSchema)
		.query(({ ctx, input }) => getParameterGroup(ctx.resources, input)),
	create: requires("parameter-group:manage")
		.meta({
			rest: {
				method: "POST",
				path: "/parameter-groups",
				status: 201,
				tag: "Parameter groups",
				summary: "Create a parameter group",
				description: "Parameters that you don't name have the family's defaults.",
			},
		})
		.input(createParameterGroupInputSchema)
		.output(parameterGroupSchema)
		.mutation(({ ctx, input }) => createParameterGroup(ctx.resources, ctx.caller, input)),
	modify: requires("parameter-group:manage")
		.meta({
			rest: {
				method: "PATCH",
				path: "/parameter-groups/{name}",
				status: 200,
				tag: "Parameter groups",
				summary: "Set parameters of a group",
				description:
					"Parameters that you don't name stay as they are. Caches that use the group apply immediate parameters at once and the others when their nodes are rebooted.",
			},
		})
		.input(modifyParameterGroupInputSchema)
		.output(parameterGroupSchema)
		.mutation(({ ctx, input }) => modifyParameterGroup(ctx.resources, ctx.caller, input)),
	reset: requires("parameter-group:manage")
		.meta({
			rest: {
				method: "POST",
				path: "/parameter-groups/{name}/reset",
				status: 200,
				tag: "Parameter groups",
				summary: "Reset parameters of a group to their defaults",
			},
		})
		.input(resetParameterGroupInputSchema)
		.output(parameterGroupSchema)
		.mutation(({ ctx, input }) => resetParameterGroup(ctx.resources, ctx.caller, input)),
	delete: requires("parameter-group:manage")
		.meta({
			rest: {
				method: "DELETE",
				path: "/parameter-groups/{name}",
				status: 200,
				tag: "Parameter groups",
				summary: "Delete a parameter group",
				description: "Refused while a cache uses it.",
			},
		})
		.input(parameterGroupRefSchema)
		.output(parameterGroupRefSchema)
		.mutation(({ ctx, input }) => deleteParameterGroup(ctx.resources, ctx.caller, input)),
});
