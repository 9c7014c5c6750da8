"use client";

import { useQuery } from "@tanstack/react-query";
import type { Store } from "../../../server/contract/store.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { SelectField } from "../../_ui/select-field.tsx";

export function useStores(): readonly Store[] {
	const trpc = useTRPC();
	const { data } = useQuery(trpc.stores.list.queryOptions(undefined, { staleTime: 5_000 }));
	return data?.items ?? [];
}

function detailOf({ kind, path, s3, encryption }: Store): string {
	const place = kind === "s3" ? `bucket ${s3?.bucket ?? ""}` : (path ?? "the control plane's disk");
	return encryption === "age" ? `${place}, encrypted` : place;
}

interface StoreFieldProps {
	/** "" for the usual one. */
	value: string;
	onChange: (store: string) => void;
	/** The store that "" stands for; if absent, one has to be chosen. */
	usual?: string;
	error?: string | undefined;
}

/** Where files are kept. Without a choice, nothing is shown: most installations have one store. */
export function StoreField({ value, onChange, usual, error }: StoreFieldProps) {
	const stores = useStores();
	if (usual !== undefined && stores.length < 2) return null;
	return (
		<SelectField
			label="Store"
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
