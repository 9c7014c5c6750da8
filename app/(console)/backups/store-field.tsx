"use client";

import { useQuery } from "@tanstack/react-query";
import type { Store } from "../../../server/contract/store.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { SelectField } from "../../_ui/select-field.tsx";
import { placeOf } from "../stores/store-words.ts";

export function useStores(): readonly Store[] {
	const trpc = useTRPC();
	const { data } = useQuery(trpc.stores.list.queryOptions(undefined, { staleTime: 5_000 }));
	return data?.items ?? [];
}

function detailOf(store: Store): string {
	const place = store.encryption === "age" ? `${placeOf(store)}, encrypted` : placeOf(store);
	return store.lastCheck?.ok === false ? `${place}. It doesn't work at the moment.` : place;
}

interface StoreFieldProps {
	label?: string;
	/** "" for the usual one. */
	value: string;
	onChange: (store: string) => void;
	/** The store that "" stands for; if absent, one has to be chosen. */
	usual?: string;
	error?: string | undefined;
}

/** Where files are kept. Without a choice, nothing is shown: most installations have one store. */
export function StoreField({ label = "Store", value, onChange, usual, error }: StoreFieldProps) {
	const stores = useStores();
	if (usual !== undefined && stores.length < 2) return null;
	return (
		<SelectField
			label={label}
			placeholder="Choose a store"
			value={value === "" ? (usual ?? "") : value}
			options={stores.map((store) => ({
				value: store.name,
				label: store.name,
				detail: detailOf(store),
			}))}
			onChange={onChange}
			error={error}
		/>
	);
}
