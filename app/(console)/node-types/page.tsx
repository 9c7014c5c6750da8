import type { Metadata } from "next";
import { NodeTypeList } from "./node-type-list.tsx";

export const metadata: Metadata = { title: "Node types" };

export default function NodeTypesPage() {
	return <NodeTypeList />;
}
