-- CreateTable
CREATE TABLE "AbandonedNode" (
    "id" TEXT NOT NULL,
    "hostId" TEXT NOT NULL,
    "port" INTEGER NOT NULL,
    "cacheName" TEXT NOT NULL,
    "endpointPorts" INTEGER[],
    "removedAtRevision" INTEGER NOT NULL,

    CONSTRAINT "AbandonedNode_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "AbandonedNode_hostId_idx" ON "AbandonedNode"("hostId");

-- AddForeignKey
ALTER TABLE "AbandonedNode" ADD CONSTRAINT "AbandonedNode_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE CASCADE ON UPDATE CASCADE;
