-- CreateTable
CREATE TABLE "Accelerator" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "cacheId" TEXT NOT NULL,
    "upstreamEndpoint" TEXT NOT NULL,
    "upstreamRegion" TEXT NOT NULL,
    "accessKeyId" TEXT,
    "secretAccessKey" TEXT,
    "itemTtlSeconds" INTEGER NOT NULL,
    "queryTtlSeconds" INTEGER NOT NULL,
    "instanceCount" INTEGER NOT NULL,
    "port" INTEGER,
    "portRequested" BOOLEAN NOT NULL,
    "servedByHostIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "toldHash" TEXT,
    "status" TEXT NOT NULL,
    "statusReason" TEXT,
    "formerCounters" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "availableAt" TIMESTAMP(3),

    CONSTRAINT "Accelerator_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AcceleratorInstance" (
    "id" TEXT NOT NULL,
    "acceleratorId" TEXT NOT NULL,
    "hostId" TEXT NOT NULL,
    "phase" TEXT NOT NULL DEFAULT 'starting',
    "reason" TEXT,
    "port" INTEGER,
    "cacheUsable" BOOLEAN,
    "processId" TEXT,
    "counters" JSONB,
    "formerCounters" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "AcceleratorInstance_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Accelerator_name_key" ON "Accelerator"("name");

-- CreateIndex
CREATE UNIQUE INDEX "Accelerator_port_key" ON "Accelerator"("port");

-- CreateIndex
CREATE INDEX "Accelerator_cacheId_idx" ON "Accelerator"("cacheId");

-- CreateIndex
CREATE INDEX "AcceleratorInstance_hostId_idx" ON "AcceleratorInstance"("hostId");

-- CreateIndex
CREATE UNIQUE INDEX "AcceleratorInstance_acceleratorId_hostId_key" ON "AcceleratorInstance"("acceleratorId", "hostId");

-- AddForeignKey
ALTER TABLE "Accelerator" ADD CONSTRAINT "Accelerator_cacheId_fkey" FOREIGN KEY ("cacheId") REFERENCES "Cache"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AcceleratorInstance" ADD CONSTRAINT "AcceleratorInstance_acceleratorId_fkey" FOREIGN KEY ("acceleratorId") REFERENCES "Accelerator"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AcceleratorInstance" ADD CONSTRAINT "AcceleratorInstance_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE CASCADE ON UPDATE CASCADE;
