import type { LibraryDeclaration } from "../library";

/** Clients of message brokers and queues. */
export const brokers: readonly LibraryDeclaration[] = [
  {
    packages: ["kafkajs", "@confluentinc/kafka-javascript", "@nestjs/microservices/external/*"],
    sends: ["send", "sendBatch", "produce"],
    handlers: { keys: ["eachMessage", "eachBatch"], methods: ["on:data"] },
  },
  {
    packages: ["@platformatic/kafka"],
    sends: ["send"],
    receives: ["consume"],
    handlers: { methods: ["on:data"] },
  },
  {
    packages: ["node-rdkafka"],
    sends: ["produce"],
    receives: ["consume"],
    handlers: { methods: ["on:data", "consume"] },
  },
  {
    packages: ["amqplib", "amqplib/*", "amqp-connection-manager"],
    sends: ["publish", "sendToQueue"],
    receives: ["get"],
    handlers: { methods: ["consume"] },
  },
  {
    packages: ["rabbitmq-client"],
    sends: ["send", "basicPublish"],
    handlers: { methods: ["createConsumer"] },
  },
  {
    packages: ["rhea", "rhea-promise"],
    sends: ["send"],
    handlers: { methods: ["on:message"] },
  },
  {
    packages: ["nats", "@nats-io/*", "nats.ws"],
    sends: ["publish", "request"],
    receives: ["fetch", "next"],
    handlers: { keys: ["callback"], methods: ["subscribe"] },
  },
  {
    packages: ["ioredis", "redis", "@redis/*", "@nestjs-modules/ioredis"],
    sends: ["xadd", "xAdd", "XADD", "publish", "spublish", "sPublish"],
    receives: [
      "xreadgroup",
      "xReadGroup",
      "xread",
      "xRead",
      "xautoclaim",
      "xAutoClaim",
      "blpop",
      "blPop",
      "brpop",
      "brPop",
    ],
    handlers: { methods: ["subscribe", "pSubscribe"] },
  },
  {
    packages: ["bullmq", "bull", "@nestjs/bull", "@nestjs/bullmq", "@taskforcesh/bullmq-pro"],
    sends: ["add", "addBulk"],
    handlers: { classes: ["Worker"], methods: ["process"], decorators: ["Process"], overrides: ["process"] },
  },
  {
    packages: ["@aws-sdk/client-sqs", "@aws-sdk/client-sns", "aws-sdk", "aws-sdk/*"],
    sends: ["sendMessage", "sendMessageBatch", "publish", "publishBatch", "putEvents", "putRecord", "putRecords"],
    sendCommands: ["SendMessageCommand", "SendMessageBatchCommand", "PublishCommand", "PublishBatchCommand"],
    receives: ["receiveMessage", "ReceiveMessageCommand", "getRecords"],
  },
  {
    packages: ["@aws-sdk/client-eventbridge", "@aws-sdk/client-kinesis", "@aws-sdk/client-firehose"],
    sends: ["putEvents", "putRecord", "putRecords", "putRecordBatch"],
    sendCommands: ["PutEventsCommand", "PutRecordCommand", "PutRecordsCommand", "PutRecordBatchCommand"],
    receives: ["getRecords", "GetRecordsCommand"],
  },
  { packages: ["sqs-producer"], sends: ["send"] },
  { packages: ["sqs-consumer"], handlers: { keys: ["handleMessage", "handleMessageBatch"] } },
  {
    packages: ["@ssut/nestjs-sqs"],
    sends: ["send"],
    handlers: { decorators: ["SqsMessageHandler"] },
  },
  {
    packages: ["aws-lambda", "@types/aws-lambda"],
    handlers: {
      types:
        "SQSHandler SQSEvent SQSRecord SNSHandler SNSEvent KinesisStreamHandler KinesisStreamEvent MSKHandler MSKEvent".split(
          " ",
        ),
    },
  },
  {
    packages: ["@google-cloud/pubsub"],
    sends: ["publish", "publishMessage", "publishJSON"],
    receives: ["pull"],
    handlers: { methods: ["on:message"] },
  },
  {
    packages: ["@azure/service-bus", "@azure/event-hubs"],
    sends: ["sendMessages", "sendBatch", "scheduleMessages"],
    receives: ["receiveMessages", "getMessageIterator"],
    handlers: { keys: ["processMessage", "processEvents"] },
  },
  {
    packages: ["pulsar-client"],
    sends: ["send"],
    receives: ["receive", "batchReceive"],
    handlers: { keys: ["listener"] },
  },
  {
    packages: ["mqtt"],
    sends: ["publish", "publishAsync"],
    handlers: { methods: ["on:message"] },
  },
  {
    packages: ["@nestjs/microservices"],
    sends: ["emit", "send"],
    handlers: { decorators: ["EventPattern", "MessagePattern"] },
  },
  {
    packages: ["@golevelup/nestjs-rabbitmq"],
    sends: ["publish"],
    handlers: { decorators: ["RabbitSubscribe", "RabbitRPC"] },
  },
];
