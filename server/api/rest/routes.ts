import type { z } from "zod";
import type { Scope } from "../../contract/access.ts";
import { appRouter } from "../trpc/router.ts";
import { type Context, createCallerFactory, type Meta, type RestRoute } from "../trpc/trpc.ts";
import { presentationOf } from "./presentation.ts";

/** A procedure with a REST route, and what both the server and the OpenAPI document need to know about it. */
export interface RestProcedure {
	/** Such as caches.create; also the OpenAPI operation id. */
	name: string;
	route: RestRoute;
	isPublic: boolean;
	scope: Scope | undefined;
	input: z.ZodType | undefined;
	output: z.ZodType | undefined;
	call(context: Context, input: unknown): Promise<unknown>;
}

interface ProcedureDefinition {
	meta?: Meta;
	inputs: z.ZodType[];
	output?: z.ZodType;
}

const createCaller = createCallerFactory(appRouter);

/** The one table that REST is served from. */
export function restProcedures(): RestProcedure[] {
	return Object.entries(appRouter._def.procedures).flatMap(([name, procedure]) => {
		const definition = (procedure as unknown as { _def: ProcedureDefinition })._def;
		const route = definition.meta?.rest;
		if (route === undefined) return [];
		const presentation = presentationOf(definition.output);
		return [
			{
				name,
				route,
				isPublic: definition.meta?.public === true,
				scope: definition.meta?.scope,
				input: definition.inputs[0],
				output: presentation?.schema ?? definition.output,
				async call(context: Context, input: unknown) {
					const output = await callByName(context, name, input);
					return presentation === null ? output : presentation.of(output);
				},
			},
		];
	});
}

async function callByName(context: Context, name: string, input: unknown): Promise<unknown> {
	let target: unknown = createCaller(context);
	for (const part of name.split(".")) target = (target as Record<string, unknown>)[part];
	return (target as (input: unknown) => Promise<unknown>)(input);
}
