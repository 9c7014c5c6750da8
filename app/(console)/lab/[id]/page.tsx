import type { Metadata } from "next";
import { WithData } from "../../../_lib/with-data.tsx";
import { LabRunPage } from "./lab-run-page.tsx";

interface RunAddress {
	params: Promise<{ id: string }>;
}

export async function generateMetadata({ params }: RunAddress): Promise<Metadata> {
	const { id } = await params;
	return { title: decodeURIComponent(id) };
}

export default async function Page({ params }: RunAddress) {
	const id = decodeURIComponent((await params).id);
	return (
		<WithData load={({ trpc, load }) => load(trpc.labRuns.get.queryOptions({ id }))}>
			<LabRunPage />
		</WithData>
	);
}
