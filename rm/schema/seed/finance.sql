-- Master data of companies and finance. Names and registrations are invented. Rows that exist are left
-- as they are.

INSERT INTO GCOLIGADA (CODCOLIGADA, NOME, NOMEFANTASIA, ATIVO) VALUES
    (1, 'Aurora Energia S.A.', 'Aurora Energia', 'T'),
    (2, 'Aurora Imóveis Ltda.', 'Aurora Imóveis', 'T'),
    (9, 'Aurora Participações Ltda. (encerrada)', 'Aurora Participações', 'F')
ON CONFLICT DO NOTHING;

INSERT INTO GFILIAL (CODCOLIGADA, CODFILIAL, NOME, ATIVO) VALUES
    (1, 1, 'Matriz São Paulo', 'T'),
    (1, 2, 'Filial Recife', 'T'),
    (1, 4, 'Usina Norte', 'T'),
    (1, 5, 'Usina Serra', 'T'),
    (1, 3, 'Filial Curitiba (encerrada)', 'F'),
    (2, 1, 'Matriz Belo Horizonte', 'T'),
    (2, 3, 'Filial Campinas', 'T'),
    (2, 2, 'Filial Contagem (encerrada)', 'F'),
    (9, 1, 'Matriz (encerrada)', 'F')
ON CONFLICT DO NOTHING;

INSERT INTO FCFO (CODCOLIGADA, CODCFO, NOME, CGCCFO, ATIVO) VALUES
    (0, 'B00001', 'Banco Horizonte S.A.', '11.111.111/0001-91', 'T'),
    (0, 'B00002', 'Banco Litorâneo S.A.', '12.012.012/0001-12', 'T'),
    (0, 'RFB001', 'Receita Federal', '00.000.000/0001-00', 'T'),
    (0, 'B00009', 'Banco Poente S.A. (liquidado)', '99.999.999/0001-91', 'F'),
    (1, 'F00017', 'Banco Nascente S.A.', '17.017.017/0001-17', 'T'),
    (1, 'F00018', 'Seguradora Farol S.A.', '18.018.018/0001-18', 'T'),
    (1, 'F00099', 'Fornecedor Antigo Ltda. (inativo)', '99.099.099/0001-99', 'F'),
    (1, 'C00001', 'Distribuidora Litoral S.A.', '31.031.031/0001-31', 'T'),
    (1, 'F00019', 'Usinagem Pedra Branca Ltda.', '19.019.019/0001-19', 'T'),
    (1, 'F00020', 'Transformadores do Vale S.A.', '20.020.020/0001-20', 'T'),
    (1, 'F00021', 'Cabos Meridional Ltda.', '21.021.021/0001-21', 'T'),
    (1, 'F00022', 'Oficina Elétrica Três Rios Ltda.', '22.022.022/0001-22', 'T'),
    (1, 'F00023', 'Consultoria Contábil Alvorada S/S', '23.023.023/0001-23', 'T'),
    (1, 'F00024', 'Advocacia Ribeiro e Prado S/S', '24.024.024/0001-24', 'T'),
    (1, 'F00025', 'Transportadora Campo Largo Ltda.', '25.025.025/0001-25', 'T'),
    (1, 'F00026', 'Combustíveis Porto Sul Ltda.', '26.026.026/0001-26', 'T'),
    (1, 'F00027', 'Informática Nova Rede Ltda.', '27.027.027/0001-27', 'T'),
    (1, 'F00028', 'Vigilância Sentinela Ltda.', '28.028.028/0001-28', 'T'),
    (1, 'F00029', 'Limpeza e Conservação Brisa Ltda.', '29.029.029/0001-29', 'T'),
    (1, 'F00030', 'Agência de Viagens Mapa Ltda.', '30.030.030/0001-30', 'T'),
    (1, 'F00031', 'Laboratório de Medidas Padrão Ltda.', '31.031.031/0001-31', 'T'),
    (1, 'F00032', 'Topografia Horizonte Ltda.', '32.032.032/0001-32', 'T'),
    (1, 'F00033', 'Banco de Fomento do Planalto S.A.', '33.033.033/0001-33', 'T'),
    (1, 'F00034', 'Arrendadora Atlântico S.A.', '34.034.034/0001-34', 'T'),
    (1, 'C00002', 'Indústria de Papel Araucária S.A.', '32.032.032/0001-32', 'T'),
    (1, 'C00003', 'Siderúrgica Ferro Novo S.A.', '33.033.033/0001-33', 'T'),
    (1, 'C00004', 'Cooperativa Agrícola do Cerrado', '34.034.034/0001-34', 'T'),
    (1, 'C00005', 'Rede de Mercados Bom Dia Ltda.', '35.035.035/0001-35', 'T'),
    (1, 'C00006', 'Hospital Santa Cecília', '36.036.036/0001-36', 'T'),
    (1, 'C00007', 'Têxtil Fio de Ouro Ltda.', '37.037.037/0001-37', 'T'),
    (1, 'C00008', 'Prefeitura de Vila Serena', '38.038.038/0001-38', 'T'),
    (1, 'C00009', 'Cerâmica Barro Vermelho Ltda.', '39.039.039/0001-39', 'T'),
    (1, 'C00010', 'Frigorífico Pampa S.A.', '40.040.040/0001-40', 'T'),
    (1, 'C00099', 'Cliente Antigo Ltda. (inativo)', '98.098.098/0001-98', 'F'),
    (2, 'F00017', 'Locadora Serra Azul Ltda.', '27.027.027/0001-27', 'T'),
    (2, 'F00018', 'Imobiliária Praça Central Ltda.', '51.051.051/0001-51', 'T'),
    (2, 'F00019', 'Condomínio Edifício Ipê', '52.052.052/0001-52', 'T'),
    (2, 'F00020', 'Locadora Montes Claros Ltda.', '53.053.053/0001-53', 'T'),
    (2, 'F00021', 'Construtora Pilar Forte Ltda.', '54.054.054/0001-54', 'T'),
    (2, 'F00022', 'Administradora de Galpões Norte Ltda.', '55.055.055/0001-55', 'T'),
    (2, 'C00001', 'Lojas Primavera Ltda.', '61.061.061/0001-61', 'T'),
    (2, 'C00002', 'Escritórios Compartilhados Vértice Ltda.', '62.062.062/0001-62', 'T'),
    (2, 'C00003', 'Distribuidora de Livros Página Ltda.', '63.063.063/0001-63', 'T'),
    (2, 'C00004', 'Academia Corpo em Dia Ltda.', '64.064.064/0001-64', 'T'),
    (2, 'F00099', 'Locadora Antiga Ltda. (inativa)', '29.099.099/0001-99', 'F')
ON CONFLICT DO NOTHING;

INSERT INTO FTDO (CODCOLIGADA, CODTDO, DESCRICAO, EDEVOLUCAO, ATIVO) VALUES
    (1, 'EMPR', 'Parcela de empréstimo', 0, 'T'),
    (1, 'IOF', 'Imposto sobre operação financeira', 0, 'T'),
    (1, 'NF', 'Nota fiscal', 0, 'T'),
    (1, 'BOL', 'Boleto bancário', 0, 'T'),
    (1, 'FAT', 'Fatura', 0, 'T'),
    (1, 'ALUG', 'Aluguel', 0, 'T'),
    (1, 'TAR', 'Tarifa bancária', 0, 'T'),
    (1, 'IMP', 'Guia de imposto', 0, 'T'),
    (1, 'ADT', 'Adiantamento', 2, 'T'),
    (1, 'DEV', 'Devolução', 1, 'T'),
    (1, 'NC', 'Nota de crédito', 3, 'T'),
    (1, 'PREV', 'Previsão', 4, 'T'),
    (1, 'LETRA', 'Letra de câmbio (em desuso)', 7, 'F'),
    (2, 'EMPR', 'Parcela de empréstimo', 0, 'T'),
    (2, 'ALUG', 'Aluguel', 0, 'T'),
    (2, 'NF', 'Nota fiscal', 0, 'T'),
    (2, 'IOF', 'Imposto sobre operação financeira', 0, 'T'),
    (2, 'COND', 'Taxa de condomínio', 0, 'T'),
    (2, 'LETRA', 'Letra de câmbio (em desuso)', 7, 'F')
ON CONFLICT DO NOTHING;

INSERT INTO FCXA (CODCOLIGADA, CODCXA, DESCRICAO, NUMBANCO, NUMAGENCIA, NROCONTA, ATIVO) VALUES
    (1, '001', 'Banco Nascente, conta corrente', '917', '0001', '12345-6', 'T'),
    (1, '002', 'Banco Horizonte, conta corrente', '911', '0042', '98765-4', 'T'),
    (1, '003', 'Banco Horizonte, conta em dólar', '911', '0042', '98765-5', 'T'),
    (1, '004', 'Banco Nascente, aplicação', '917', '0001', '12345-7', 'T'),
    (1, '005', 'Banco de Fomento, conta vinculada', '915', '0100', '33333-3', 'T'),
    (1, '006', 'Caixa da matriz', NULL, NULL, NULL, 'T'),
    (1, '009', 'Caixa da filial Curitiba (encerrado)', NULL, NULL, NULL, 'F'),
    (2, '001', 'Banco Horizonte, conta corrente', '911', '0042', '55555-5', 'T'),
    (2, '002', 'Banco Litorâneo, conta corrente', '912', '0007', '77777-7', 'T'),
    (2, '009', 'Caixa da filial Contagem (encerrado)', NULL, NULL, NULL, 'F')
ON CONFLICT DO NOTHING;

INSERT INTO GMOEDA (SIMBOLO, DESCRICAO, ATIVO) VALUES
    ('R$', 'Real', 'T'),
    ('US$', 'Dólar dos Estados Unidos', 'T'),
    ('EUR', 'Euro', 'T'),
    ('Cr$', 'Cruzeiro (extinto)', 'F')
ON CONFLICT DO NOTHING;

INSERT INTO GCCUSTO (CODCOLIGADA, CODCCUSTO, NOME, CODREDUZIDO, ATIVO, PERMITELANC) VALUES
    (1, '01', 'Corporativo', '1', 'T', 'F'),
    (1, '01.001', 'Administração', '11', 'T', 'T'),
    (1, '01.002', 'Tesouraria', '12', 'T', 'T'),
    (1, '01.003', 'Contabilidade', '13', 'T', 'T'),
    (1, '01.004', 'Recursos humanos', '14', 'T', 'T'),
    (1, '01.005', 'Tecnologia da informação', '15', 'T', 'T'),
    (1, '01.006', 'Jurídico', '16', 'T', 'T'),
    (1, '02', 'Geração', '2', 'T', 'F'),
    (1, '02.001', 'Usina Norte', '21', 'T', 'T'),
    (1, '02.002', 'Usina Serra', '22', 'T', 'T'),
    (1, '02.003', 'Manutenção', '23', 'T', 'T'),
    (1, '03', 'Comercialização', '3', 'T', 'F'),
    (1, '03.001', 'Mercado livre', '31', 'T', 'T'),
    (1, '03.002', 'Atendimento', '32', 'T', 'T'),
    (1, '09.001', 'Filial Curitiba (encerrada)', '91', 'F', 'T'),
    (2, '01', 'Corporativo', '1', 'T', 'F'),
    (2, '01.001', 'Imóveis de terceiros', '11', 'T', 'T'),
    (2, '01.002', 'Administração', '12', 'T', 'T'),
    (2, '02', 'Imóveis próprios', '2', 'T', 'F'),
    (2, '02.001', 'Edifício Ipê', '21', 'T', 'T'),
    (2, '02.002', 'Galpões Norte', '22', 'T', 'T'),
    (2, '09.001', 'Filial Contagem (encerrada)', '91', 'F', 'T')
ON CONFLICT DO NOTHING;

INSERT INTO GDEPTO (CODCOLIGADA, CODDEPARTAMENTO, NOME, ATIVO) VALUES
    (1, 'FIN', 'Financeiro', 'T'),
    (1, 'ADM', 'Administrativo', 'T'),
    (1, 'CTB', 'Contabilidade', 'T'),
    (1, 'JUR', 'Jurídico', 'T'),
    (1, 'OPE', 'Operação', 'T'),
    (1, 'TI', 'Tecnologia da informação', 'T'),
    (1, 'EXP', 'Expansão (extinto)', 'F'),
    (2, 'FIN', 'Financeiro', 'T'),
    (2, 'ADM', 'Administrativo', 'T'),
    (2, 'LOC', 'Locação', 'T'),
    (2, 'EXP', 'Expansão (extinto)', 'F')
ON CONFLICT DO NOTHING;

-- SINTETICOANALITICO 1 takes entries, 0 only sums (values ours).
INSERT INTO TTBORCAMENTO (CODCOLIGADA, CODTBORCAMENTO, DESCRICAO, INATIVO, SINTETICOANALITICO, NATUREZA) VALUES
    (1, '01.01', 'Captação de empréstimos', 0, 1, 0),
    (1, '02.01', 'Juros sobre empréstimos', 0, 1, 1),
    (1, '02.02', 'Amortização de principal', 0, 1, 1),
    (1, '02.03', 'Tarifas e IOF', 0, 1, 1),
    (1, '02.04', 'Variação cambial', 0, 1, 1),
    (1, '02.05', 'Comissões de captação', 0, 1, 1),
    (1, '01', 'Entradas', 0, 0, 0),
    (1, '01.02', 'Recebimento de clientes', 0, 1, 0),
    (1, '01.03', 'Rendimentos de aplicações', 0, 1, 0),
    (1, '02', 'Saídas financeiras', 0, 0, 1),
    (1, '03', 'Saídas operacionais', 0, 0, 1),
    (1, '03.01', 'Aluguéis', 0, 1, 1),
    (1, '03.02', 'Fornecedores de energia', 0, 1, 1),
    (1, '03.03', 'Serviços de terceiros', 0, 1, 1),
    (1, '03.04', 'Pessoal', 0, 1, 1),
    (1, '03.05', 'Tributos', 0, 1, 1),
    (1, '02.09', 'Variação monetária (em desuso)', 1, 1, 1),
    (2, '02.01', 'Juros sobre empréstimos', 0, 1, 1),
    (2, '01', 'Entradas', 0, 0, 0),
    (2, '01.01', 'Captação de empréstimos', 0, 1, 0),
    (2, '01.02', 'Recebimento de aluguéis', 0, 1, 0),
    (2, '02', 'Saídas financeiras', 0, 0, 1),
    (2, '02.02', 'Amortização de principal', 0, 1, 1),
    (2, '02.03', 'Tarifas e IOF', 0, 1, 1),
    (2, '03', 'Saídas operacionais', 0, 0, 1),
    (2, '03.02', 'Condomínios', 0, 1, 1),
    (2, '03.01', 'Aluguéis', 0, 1, 1),
    (2, '02.09', 'Variação monetária (em desuso)', 1, 1, 1)
ON CONFLICT DO NOTHING;

-- Both modules are closed to the end of 2025; 2026 to 2028 are open.
INSERT INTO SLFECHAMENTO (CODCOLIGADA, MODULO, DATAINICIO, DATAFIM, DATAFECHAMENTO) VALUES
    (1, 'F', '2025-01-01', '2025-12-31', '2025-12-31'),
    (1, 'F', '2026-01-01', '2028-12-31', NULL),
    (1, 'C', '2025-01-01', '2025-12-31', '2025-12-31'),
    (1, 'C', '2026-01-01', '2028-12-31', NULL),
    (2, 'F', '2025-01-01', '2025-12-31', '2025-12-31'),
    (2, 'F', '2026-01-01', '2028-12-31', NULL),
    (2, 'C', '2025-01-01', '2025-12-31', '2025-12-31'),
    (2, 'C', '2026-01-01', '2028-12-31', NULL)
ON CONFLICT DO NOTHING;
