import type { ParameterFamily } from "../../contract/parameter-group.ts";
import { parameterDefinition } from "./catalog.ts";
import { allowedText, type ParameterDefinition } from "./definition.ts";

const NUMBER = { integer: /^-?\d{1,16}$/, float: /^-?\d{1,16}(\.\d{1,6})?$/ } as const;

/** Null if the value is allowed; otherwise a sentence that says which values are. */
export function validateParameter(definition: ParameterDefinition, value: string): string | null {
	return isAllowed(definition, value)
		? null
		: `${definition.name} must be ${describeAllowed(definition)}`;
}

function isAllowed({ allowed, type }: ParameterDefinition, value: string): boolean {
	switch (allowed?.kind) {
		case undefined:
			return true;
		case "enum":
			return allowed.values.includes(value);
		case "characters":
			return [...value].every((character) => allowed.characters.includes(character));
		case "range": {
			const pattern = type === "float" ? NUMBER.float : NUMBER.integer;
			const number = Number(value);
			return pattern.test(value) && number >= allowed.min && number <= allowed.max;
		}
	}
}

function describeAllowed({ allowed, type }: ParameterDefinition): string {
	switch (allowed?.kind) {
		case undefined:
			return "text";
		case "enum":
			return `one of ${allowed.values.join(", ")}`;
		case "characters":
			return `empty, or ${allowedText(allowed)}`;
		case "range":
			return `a ${type === "float" ? "" : "whole "}number from ${allowed.min} to ${allowed.max}`;
	}
}

/** An allowed number in its shortest form: `0060` is 60. */
export function canonicalValue({ type }: ParameterDefinition, value: string): string {
	return type === "integer" || type === "float" ? String(Number(value)) : value;
}

/** What is wrong with values to be set; empty if nothing is. */
export function checkOverrides(
	family: ParameterFamily,
	values: Readonly<Record<string, string>>,
): { name: string; message: string }[] {
	return Object.entries(values).flatMap(([name, value]) => {
		const message = refusalOf(family, name, value);
		return message === null ? [] : [{ name, message }];
	});
}

function refusalOf(family: ParameterFamily, name: string, value: string): string | null {
	const definition = parameterDefinition(family, name);
	if (definition === undefined) return `${name} isn't a parameter of the family ${family}`;
	if (!definition.modifiable) {
		return `${name} can't be changed; it is always ${definition.defaultValue}`;
	}
	return validateParameter(definition, value);
}
