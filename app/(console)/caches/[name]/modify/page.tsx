import type { Metadata } from "next";
import { type Loader, WithData } from "../../../../_lib/with-data.tsx";
import { ModifyCache } from "./modify-cache.tsx";

interface ModifyAddress {
	params: Promise<{ name: string }>;
}

export async function generateMetadata({ params }: ModifyAddress): Promise<Metadata> {
	const { name } = await params;
	return { title: `Modify ${decodeURIComponent(name)}` };
}

export default async function ModifyCachePage({ params }: ModifyAddress) {
	const name = decodeURIComponent((await params).name).toLowerCase();
	return (
		<WithData load={({ trpc, load }: Loader) => load(trpc.caches.get.queryOptions({ name }))}>
			<ModifyCache name={name} />
		</WithData>
	);
}
