"use client";

import { useQuery } from "@tanstack/react-query";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { engineName } from "../../_lib/engines.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { FormTextField } from "../../_ui/form-fields.tsx";
import { SelectField } from "../../_ui/select-field.tsx";

/** Where there are more caches than these, the user types a name. */
export const CACHES_LISTED = 100;

interface CacheFieldProps {
	value: string;
	onChange: (cache: string) => void;
	error: string | undefined;
	/** Why a cache can't be chosen; null if it can. */
	obstacleOf: (cache: Pick<Cache, "engine" | "status">) => string | null;
	/** Under the list. */
	hint?: string;
	className?: string;
}

/** One of the caches: from a list, or by its name where there are many. */
export function CacheField(props: CacheFieldProps) {
	const { value, onChange, error, obstacleOf, hint, className } = props;
	const trpc = useTRPC();
	const { data, isPending, isError } = useQuery(
		trpc.caches.list.queryOptions({ sort: "name", limit: CACHES_LISTED }, { staleTime: 5_000 }),
	);
	if (data != null && data.nextCursor !== null) {
		return (
			<FormTextField
				label="Cache"
				name="cache"
				value={value}
				onChange={(text) => onChange(text.trim().toLowerCase())}
				autoComplete="off"
				hint={hint === undefined ? "The cache's name." : `The cache's name. ${hint}`}
				error={error}
				{...(className !== undefined && { className })}
			/>
		);
	}
	return (
		<SelectField
			label="Cache"
			placeholder={
				isPending
					? "Loading caches …"
					: data?.items.length === 0
						? "There are no caches"
						: "Choose a cache"
			}
			value={value}
			options={(data?.items ?? []).map((cache) => {
				const { name, engine, engineVersion, status } = cache;
				const obstacle =
					obstacleOf(cache) ?? (status === "deleting" ? "It is being deleted." : null);
				return {
					value: name,
					label: name,
					detail: obstacle ?? `${engineName(engine)} ${engineVersion}`,
					isDisabled: obstacle !== null,
				};
			})}
			onChange={onChange}
			hint={hint}
			error={error ?? (isError ? "Caches couldn't be loaded." : undefined)}
			{...(className !== undefined && { className })}
		/>
	);
}
