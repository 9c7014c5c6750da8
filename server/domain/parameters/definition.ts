import type { ClusterMode } from "../../contract/enums.ts";
import type { Parameter, ParameterApply } from "../../contract/parameter-group.ts";

/** Null: free text. Ranges end before numbers that a double can't represent exactly. */
export type AllowedValues =
	| { readonly kind: "range"; readonly min: number; readonly max: number }
	| { readonly kind: "enum"; readonly values: readonly string[] }
	| { readonly kind: "characters"; readonly characters: string }
	| null;

export interface ParameterDefinition {
	readonly name: string;
	readonly type: Parameter["type"];
	/** In the engine's own notation. */
	readonly defaultValue: string;
	readonly allowed: AllowedValues;
	readonly apply: ParameterApply;
	readonly modifiable: boolean;
	readonly description: string;
	/**
	 * How the engine gets it:
	 *   always    under the same name, at every start and whenever it differs, so that a reset reaches running
	 *             nodes
	 *   when-set  under the same name, if overridden: not every version of the family knows it, or the agent
	 *             has its own value. A reset doesn't reach a running node, so a change takes effect only at
	 *             starts
	 *   never     it isn't a setting of the engine, or resolve-parameters.ts turns it into one of another name
	 */
	readonly sent: "always" | "when-set" | "never";
	/** Only has a meaning in this mode. */
	readonly clusterMode?: ClusterMode;
}

type Traits = Partial<Pick<ParameterDefinition, "apply" | "modifiable" | "sent" | "clusterMode">>;

const TRAITS = { apply: "immediate", modifiable: true, sent: "always" } as const;

export const INT_MAX = 2_147_483_647;

export function integer(
	name: string,
	defaultValue: number,
	[min, max]: readonly [min: number, max: number],
	description: string,
	traits: Traits = {},
): ParameterDefinition {
	return {
		...TRAITS,
		name,
		type: "integer",
		defaultValue: String(defaultValue),
		allowed: { kind: "range", min, max },
		description,
		...traits,
	};
}

export function yesOrNo(
	name: string,
	defaultValue: "yes" | "no",
	description: string,
	traits: Traits = {},
): ParameterDefinition {
	return {
		...choice(name, defaultValue, ["yes", "no"], description, traits),
		type: "boolean",
	};
}

export function choice(
	name: string,
	defaultValue: string,
	values: readonly string[],
	description: string,
	traits: Traits = {},
): ParameterDefinition {
	return {
		...TRAITS,
		name,
		type: "enum",
		defaultValue,
		allowed: { kind: "enum", values },
		description,
		...traits,
	};
}

/** `1-300`, `yes,no`: the form for the API and for people. */
export function allowedText(allowed: AllowedValues): string | null {
	switch (allowed?.kind) {
		case undefined:
			return null;
		case "range":
			return `${allowed.min}-${allowed.max}`;
		case "enum":
			return allowed.values.join(",");
		case "characters":
			return `any of the characters ${allowed.characters}`;
	}
}
